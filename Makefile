# The whole of the project's commands. Everything but `help` looks after what it needs by itself.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help test demo bench chaos mutants fuzz deny fmt artifacts clean

# Tools that only some targets need, built from crates.io into target/tools.
MUTANTS := 27.1.0
FUZZ := 0.13.2
DENY := 0.20.2
TOOLS := $(CURDIR)/target/tools
# $(call tool,name,version): flock, because two makes may ask for it at once.
tool = mkdir -p target && flock target/.tools.lock cargo install --quiet --locked --root $(TOOLS) $(1) --version $(2)

# DEMO=once make demo: ends after its checks
DEMO ?=
# make bench ONLY=name
ONLY ?=
# make chaos ROUNDS=100 SEED=7
ROUNDS ?= 30
SEED ?= 1
# make fuzz SECONDS_EACH=600
SECONDS_EACH ?= 60
FUZZ_TARGETS := bundle receipt trusted_epochs epoch_data delta
# make deny CHECKS="bans licenses sources": the advisories come from a repository on the net
CHECKS ?= advisories bans licenses sources

help: ## These lines
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

test: ## Install what is missing, then every check and test, Rust and Solidity
	@tools/test

demo: ## A shop on this machine, the whole way of its keys, every cheat caught; serves until Ctrl-C (DEMO=once: ends after its checks)
	$(if $(filter-out once,$(DEMO)),$(error DEMO is `once`, or is not set))
	@tools/install
	@# The tests named `cli` need every program but `bench`. Building them as tests builds the dependencies with the
	@# features that `make test` builds them with, which then finds them built.
	cargo test --locked --workspace --no-run --test cli
	@# Ends with this make, however that ends.
	@exec setpriv --pdeathsig TERM -- target/debug/demo $(DEMO:%=--%)

bench: ## Measure against the baselines: a table, and target/bench.json (ONLY=name for one; sale_grown, list_p95, audit_memory only so)
	@tools/install
	cargo build --locked --release --bins -p shelfproof -p shelfproof-anchor -p shelfproof-verifier -p shelfproof-bench
	target/release/bench $(ONLY)

chaos: ## Kill node and PostgreSQL in turn under load, and look that nothing was lost or sold twice (ROUNDS=n SEED=n)
	@tools/install
	CHAOS_ROUNDS=$(ROUNDS) CHAOS_SEED=$(SEED) cargo test --locked --workspace --test recovery -- --nocapture chaos::

mutants: ## Mutation tests of the verifier's library and map, without command line and RPC: 90 % must be caught
	@tools/install
	@$(call tool,cargo-mutants,$(MUTANTS))
	PATH="$(TOOLS)/bin:$$PATH" tools/mutants

fuzz: ## Fuzz each of the verifier's parsers for a minute (SECONDS_EACH=n)
	@$(call tool,cargo-fuzz,$(FUZZ))
	cargo run --quiet --manifest-path verifier/fuzz/Cargo.toml --example seeds
	@# cargo-fuzz asks the compiler for options that only this variable opens on stable Rust.
	for target in $(FUZZ_TARGETS); do \
	    echo "== fuzz $$target, $(SECONDS_EACH) s"; \
	    PATH="$(TOOLS)/bin:$$PATH" RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir verifier/fuzz --sanitizer none $$target \
	        -- -max_total_time=$(SECONDS_EACH); \
	done

deny: ## Licences, sources and advisories of the dependencies (CHECKS="bans licenses sources" for some)
	@$(call tool,cargo-deny,$(DENY))
	PATH="$(TOOLS)/bin:$$PATH" cargo deny --workspace --config .config/deny.toml check $(CHECKS)

fmt: ## Format the Rust and the Solidity
	cargo fmt --all
	cargo fmt --manifest-path verifier/fuzz/Cargo.toml
	@tools/install
	contracts/tools/forge fmt

artifacts: ## Compile the contracts and write the committed ABI, bytecode and gas snapshot anew
	@tools/install
	contracts/tools/test --bless

clean: ## Remove what was built, and what npm installed
	cargo clean
	rm -rf contracts/node_modules contracts/cache contracts/out verifier/fuzz/target

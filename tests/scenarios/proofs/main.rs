//! Proofs: what `shelfproof-verify` answers to honest bundles, to forged ones and to a shop that cheats.
//!
//! `rpc` runs it against the vectors on a real chain; `forger` and `cheats` against shops that lie. `openzeppelin` and
//! `fuzz` check the formats themselves.

mod cheats;
mod forger;
mod fuzz;
mod openzeppelin;
mod rpc;
mod vector_chain;

//! What a merchant has before the setup: a database, a chain with a registry, an empty folder and the programs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use alloy::providers::ext::AnvilApi;
use alloy_primitives::{Address, U256};
use serde_json::Value;
use shelfproof_tests::anvil::{Anvil, Settings};
use shelfproof_tests::child::{Signal, command, spawn};
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::shop::Cli;
use shelfproof_tests::vector_chain::{block_on, client};
use shelfproof_tests::{Result, tools};
use tempfile::TempDir;

/// The shop's name.
pub(super) const NAME: &str = "It's a \"shop\" 卡店";

/// The password in the address of every database.
pub(super) const PASSWORD: &str = "setup-password-91ab";

/// The balance that an owner gets, in wei: one ether.
const FUNDS: u64 = 1_000_000_000_000_000_000;

pub(super) struct Place {
    pub(super) anvil: Anvil,
    pub(super) registry: Address,
    postgres: Postgres,
    database: String,
    programs: PathBuf,
    // Dropped last. The servers have their files elsewhere; the shop's files are in this folder.
    outer: TempDir,
}

/// Everything that a program printed.
pub(super) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

fn output(mut command: Command) -> Result<Output> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Ok(spawn(command)?.wait_with_output()?)
}

impl Place {
    pub(super) fn new() -> Result<Self> {
        let anchor = tools::binary("shelfproof-anchor")?;
        // Blocks come without transactions, as on a real chain, so that the registration becomes final.
        let anvil = Anvil::start(Settings {
            block_time_s: Some(1),
            ..Settings::default()
        })?;
        let mut deploy = command(&anchor, None, Signal::Kill);
        deploy.args(["deploy", "--json", "--dev-account", "0", "--rpc", anvil.url()]);
        let deployed = output(deploy)?;
        let answer: Value = serde_json::from_slice(&deployed.stdout).map_err(|_| said(&deployed))?;
        let postgres = Postgres::start(Durability::Fsync)?;
        let database = postgres.database()?;
        let outer = tempfile::Builder::new().prefix("setup-").tempdir()?;
        let place = Self {
            registry: answer["registry"].as_str().ok_or_else(|| said(&deployed))?.parse()?,
            programs: anchor.parent().unwrap_or(Path::new(".")).to_owned(),
            anvil,
            postgres,
            database,
            outer,
        };
        fs::write(place.outer.path().join("database.url"), place.url())?;
        fs::create_dir(place.folder())?;
        Ok(place)
    }

    /// The shop's folder, which is empty at first.
    pub(super) fn folder(&self) -> PathBuf {
        self.outer.path().join("the shop's $HOME")
    }

    /// The database's address.
    pub(super) fn url(&self) -> String {
        self.postgres.url(&self.database, PASSWORD)
    }

    /// Returns a command of `shelfproof` in the folder, with the programs on PATH and the node in the environment.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        self.in_folder(self.programs.join("shelfproof").as_path(), args)
    }

    /// Runs `init` with `args` alone.
    pub(super) fn init_alone(&self, args: &[&str]) -> Result<Output> {
        output(self.command(&[&["init"], args].concat()))
    }

    /// Runs `init --yes` with everything that it needs. An option in `args` replaces the default one.
    pub(super) fn init(&self, args: &[&str]) -> Result<Output> {
        let (chain_id, registry) = (shelfproof_tests::anvil::CHAIN_ID.to_string(), self.registry.to_string());
        let url = self.outer.path().join("database.url");
        let usual = [
            ("--name", NAME),
            ("--database-url-file", url.to_str().ok_or("UTF-8")?),
            ("--chain-id", &chain_id),
            ("--registry", &registry),
            ("--data-uri", "https://shop.example/data"),
        ];
        let is_told = |flag: &str| args.iter().any(|arg| arg.split('=').next() == Some(flag));
        let kept = usual.iter().filter(|(flag, _)| !is_told(flag));
        let kept: Vec<&str> = kept.flat_map(|(flag, value)| [*flag, *value]).collect();
        self.init_alone(&[&["--yes"], &kept[..], args].concat())
    }

    /// Returns the output of `init --json`.
    pub(super) fn init_json(&self, args: &[&str]) -> Result<Value> {
        let output = self.init(&[args, &["--json"]].concat())?;
        Ok(serde_json::from_slice(&output.stdout).map_err(|_| said(&output))?)
    }

    /// Runs a printed line in a shell, as the merchant would.
    pub(super) fn sh(&self, line: &str) -> Result<Output> {
        output(self.in_folder(Path::new("sh"), &["-c", line]))
    }

    /// Gives an account the funds that it needs.
    pub(super) fn fund(&self, address: Address) -> Result<()> {
        block_on(async {
            let node = client(self.anvil.url())?;
            Ok(node.anvil_set_balance(address, U256::from(FUNDS)).await?)
        })?
    }

    /// Returns a command line with the configuration that `init` wrote, on a free port.
    pub(super) fn cli(&self) -> Result<Cli> {
        let config = self.folder().join("shelfproof.toml");
        let text = fs::read_to_string(&config)?;
        fs::write(&config, text + "\n[http]\nlisten = \"127.0.0.1:0\"\n")?;
        let log = self.outer.path().join("cli.log");
        Ok(Cli::new(self.programs.join("shelfproof"), config, &log))
    }

    /// Returns every file of the folder and of its keys with its content, except the lock.
    pub(super) fn files(&self) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
        let mut files = BTreeMap::new();
        for folder in [self.folder(), self.folder().join("keys")] {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_file() && !path.ends_with("lock") {
                    files.insert(path.clone(), fs::read(path)?);
                }
            }
        }
        Ok(files)
    }

    fn in_folder(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = command(program, None, Signal::Kill);
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .args(args)
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", format!("{}:{path}", self.programs.display()))
            .env("SHELFPROOF_RPC", self.anvil.url());
        command
    }
}

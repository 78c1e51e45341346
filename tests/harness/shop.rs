//! A running shop, set up as a merchant would: a database, keys, a configuration, and any number of processes of
//! `shelfproof serve`. Dropping it ends the processes and removes the files.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use shelfproof_verifier::chain::Identity;
use tempfile::TempDir;

use crate::client::Client;
use crate::postgres::{Durability, Postgres};
use crate::vector_chain::block_on;
use crate::{Result, tools};

mod buyer;
mod cli;
mod codes;
mod config;
mod judge;
mod node;
mod paying;
mod purchase;
mod stocked;

pub use buyer::{Addresses, Buyer, is_final};
pub use cli::Cli;
pub use codes::codes;
pub use judge::Judge;
pub use node::Node;
pub use node::address_after;
pub use paying::{CONTACT, OTHER_PID, PASSWORD, PID, PayingShop, Placed, notice, signed};
pub use purchase::{Item, Purchase};
pub use stocked::StockedShop;

/// The currency of most tests.
pub const CURRENCY: &str = "CNY";

/// The price of a key in most tests.
pub const PRICE: &str = "9.90";

/// [`PRICE`] in minor units.
pub const PRICE_MINOR: i64 = 990;

/// The name of the configuration file.
const CONFIG: &str = "shelfproof.toml";

/// Options of a test shop.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The number of processes of `serve`.
    pub nodes: usize,
    /// Whether commits survive a crash of the machine.
    pub durability: Durability,
    /// The folder in which those of the cluster and of the shop, with its receipt journal, are created.
    pub disk: PathBuf,
    /// The chain to use. Without one, the shop is the vectors' merchant and uses no chain.
    pub chain: Option<Chain>,
}

/// A merchant's place on a chain.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The merchant.
    pub identity: Identity,
    /// The JSON-RPC address of a node.
    pub rpc: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            nodes: 1,
            durability: Durability::None,
            disk: std::env::temp_dir(),
            chain: None,
        }
    }
}

/// An account that buys, and its API key.
#[derive(Clone, Debug)]
pub struct Reseller {
    /// The account's name.
    pub name: String,
    /// The account's API key.
    pub token: String,
}

#[derive(Debug)]
pub struct TestShop {
    // Dropped in this order: the nodes before the database that they use, and the folder last.
    nodes: Vec<Node>,
    /// The command line.
    pub cli: Cli,
    /// The cluster.
    pub postgres: Postgres,
    /// The name of the database.
    pub database: String,
    /// An administrator's API key.
    pub admin: String,
    chain: Option<Chain>,
    keys: Value,
    judge: Judge,
    names: AtomicU32,
    folder: TempDir,
}

impl TestShop {
    /// Creates the cluster, keys, configuration, schema and an administrator; starts the nodes, and waits until they
    /// are ready.
    ///
    /// # Errors
    /// The output and log of a program that failed.
    pub fn start(settings: &Settings) -> Result<Self> {
        let postgres = Postgres::start_below(&settings.disk, settings.durability)?;
        let database = postgres.database()?;
        let folder = tempfile::Builder::new().prefix("shop-").tempdir_in(&settings.disk)?;
        let (chain, url) = (settings.chain.clone(), postgres.url(&database, config::PASSWORD));
        let config = config::write(folder.path(), CONFIG, &url, chain.as_ref())?;
        let cli = Cli::new(tools::binary("shelfproof")?, config, &folder.path().join("cli.log"));
        let keys = cli.keys_init(folder.path())?;
        cli.run(&["migrate"])?;
        let admin = cli.key_create("admin", "office")?;
        let mut shop = Self {
            nodes: Vec::new(),
            judge: Judge::new(config::identity(chain.as_ref())?, &keys)?,
            chain,
            keys,
            cli,
            postgres,
            database,
            admin,
            names: AtomicU32::new(0),
            folder,
        };
        for _ in 0..settings.nodes {
            shop.add_node()?;
        }
        Ok(shop)
    }

    /// Starts one more node, and waits until it is ready.
    ///
    /// # Errors
    /// Its log, if it does not become ready.
    pub fn add_node(&mut self) -> Result<SocketAddr> {
        self.add_node_with(&[])
    }

    /// Like [`add_node`](Self::add_node), with further arguments.
    ///
    /// # Errors
    /// Its log, if it does not become ready.
    pub fn add_node_with(&mut self, flags: &[&str]) -> Result<SocketAddr> {
        let log = self.folder.path().join(format!("{}.log", self.name("node")));
        let node = Node::start(&self.cli, flags, &log)?;
        let address = node.address();
        self.nodes.push(node);
        Ok(address)
    }

    /// Returns the public part of a key, as `admin keyring init` printed it.
    ///
    /// # Errors
    /// If it printed no key of that name.
    pub fn public_key(&self, name: &str) -> Result<&str> {
        public_key(&self.keys, name)
    }

    /// Appends lines to the configuration. Processes that are already running do not read them.
    ///
    /// # Errors
    /// The system's error.
    pub fn configure(&self, lines: &str) -> Result<()> {
        self.cli.configure(lines)
    }

    /// Like [`configure`](Self::configure), with lines of a section that the configuration has already.
    ///
    /// # Errors
    /// The system's error.
    pub fn configure_in(&self, section: &str, lines: &str) -> Result<()> {
        let (file, head) = (self.folder.path().join(CONFIG), format!("[{section}]\n"));
        let config = fs::read_to_string(&file)?.replacen(&head, &format!("{head}{lines}\n"), 1);
        Ok(fs::write(file, config)?)
    }

    /// The shop's folder: configuration, keys, receipt journal and logs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the receipt journal.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.folder.path().join(config::JOURNAL)
    }

    /// Returns a command line for the same shop over another database.
    ///
    /// # Errors
    /// If the configuration cannot be written.
    pub fn over(&self, postgres: &Postgres, database: &str) -> Result<Cli> {
        let url = postgres.url(database, config::PASSWORD);
        let name = format!("{}.toml", self.name("other"));
        let config = config::write(self.folder.path(), &name, &url, self.chain.as_ref())?;
        Ok(self.cli.over(config))
    }

    /// Starts `serve` with that command line, without waiting until it is ready.
    ///
    /// # Errors
    /// Its log, if it does not listen in time.
    pub fn listen(&self, cli: &Cli) -> Result<Node> {
        Node::listen(cli, &[], &self.folder.path().join(format!("{}.log", self.name("node"))))
    }

    /// Kills a node with `kill -9`. Its log is kept.
    pub fn kill_node(&mut self, at: usize) {
        drop(self.nodes.remove(at));
    }

    /// The address of that node.
    #[must_use]
    pub fn address(&self, at: usize) -> SocketAddr {
        self.nodes[at].address()
    }

    /// The address at which that node serves `/metrics` without a token.
    #[must_use]
    pub fn metrics(&self, at: usize) -> Option<SocketAddr> {
        self.nodes[at].metrics()
    }

    pub fn node(&mut self, at: usize) -> &mut Node {
        &mut self.nodes[at]
    }

    /// Returns a client of the first node.
    ///
    /// # Errors
    /// If the token cannot be sent.
    pub fn client(&self, token: &str) -> Result<Client> {
        Client::new(self.address(0), token)
    }

    /// Creates a product at that price, and returns its id.
    ///
    /// # Errors
    /// The program's output, if it fails.
    pub fn product(&self, price: &str, currency: &str) -> Result<String> {
        self.cli.product_create(&self.name("product"), price, currency)
    }

    /// Imports those codes for that product and puts them on sale.
    ///
    /// # Errors
    /// The program's output, if it fails.
    pub fn stock(&self, product: &str, codes: &[String]) -> Result<()> {
        let name = self.name("batch");
        let file = self.folder.path().join(format!("{name}.txt"));
        fs::write(&file, codes.join("\n"))?;
        let batch = self.cli.import(product, &name, &file)?;
        self.cli.activate(&batch)?;
        Ok(fs::remove_file(file)?)
    }

    /// Like [`stock`](Self::stock), through the API, which is faster for few codes.
    ///
    /// # Errors
    /// The API's answer, if it is not a success.
    pub fn stock_by_api(&self, product: &str, codes: &[String]) -> Result<()> {
        let path = format!("/api/v1/products/{product}/batches?name={}", self.name("batch"));
        let mut client = self.client(&self.admin)?;
        block_on(async {
            let made = client.post_file(&path, codes.join("\n")).await?;
            let batch = made.expect(200)?["batch"].as_str().unwrap_or_default().to_owned();
            let activated = client.post(&format!("/api/v1/batches/{batch}/activate"), "").await?;
            activated.expect(200).map(drop)
        })?
    }

    /// Creates an account that buys; it has no credit yet.
    ///
    /// # Errors
    /// The program's output, if it fails.
    pub fn reseller(&self) -> Result<Reseller> {
        let name = self.name("reseller");
        let token = self.cli.key_create("reseller", &name)?;
        Ok(Reseller { name, token })
    }

    /// Adds credit to that account.
    ///
    /// # Errors
    /// The program's output, if it fails.
    pub fn credit(&self, reseller: &Reseller, amount: &str, currency: &str) -> Result<()> {
        self.cli
            .credit_add(&reseller.name, amount, currency, &self.name("payment"))
    }

    /// Checks that `admin check` finds nothing.
    ///
    /// # Errors
    /// What it finds.
    pub fn check(&self) -> Result<()> {
        self.cli.run(&["admin", "check"]).map(drop)
    }

    /// Runs a query that returns one number.
    ///
    /// # Errors
    /// The server's error.
    pub fn ask(&self, sql: &str) -> Result<i64> {
        let answer = self.postgres.psql(&self.database, sql)?;
        Ok(answer.parse().map_err(|error| format!("{sql}: {answer:?}: {error}"))?)
    }

    /// The checker of receipts, which follows the protocol.
    #[must_use]
    pub const fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Returns the logs of all nodes, of the command line and of PostgreSQL.
    ///
    /// # Errors
    /// If a log cannot be read.
    pub fn logs(&self) -> Result<String> {
        let mut logs = self.postgres.log();
        for entry in fs::read_dir(self.folder.path())? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "log") {
                logs += &String::from_utf8_lossy(&fs::read(path)?);
            }
        }
        Ok(logs)
    }

    /// Secrets that must not appear anywhere: the passphrase and the database's password.
    #[must_use]
    pub const fn secrets() -> [&'static str; 2] {
        [config::PASSPHRASE, config::PASSWORD]
    }

    /// Returns a name that is unique in this shop.
    fn name(&self, what: &str) -> String {
        format!("{what}-{}", self.names.fetch_add(1, Ordering::Relaxed))
    }
}

impl AsRef<Self> for TestShop {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// Returns the public part of a key in the output of `admin keyring init`.
fn public_key<'a>(keys: &'a Value, name: &str) -> Result<&'a str> {
    let key = keys["keys"]
        .as_array()
        .and_then(|keys| keys.iter().find(|key| key["key"] == name));
    let public = key.and_then(|key| key["public"].as_str());
    Ok(public.ok_or_else(|| format!("no public part of {name} in {keys}"))?)
}

/// Returns the body of an order of one key.
#[must_use]
pub fn order_of(product: &str) -> String {
    order_lines(&[(product, 1)])
}

/// Returns the body of an order of those products and quantities.
#[must_use]
pub fn order_lines(lines: &[(&str, u32)]) -> String {
    let line = |(product, quantity): &(&str, u32)| serde_json::json!({"product": product, "quantity": quantity});
    let lines: Vec<Value> = lines.iter().map(line).collect();
    serde_json::json!({ "lines": lines }).to_string()
}

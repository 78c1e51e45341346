//! A running shop: a database of its own, keys of its own, and `shelfproof serve` as often as a test asks, made by the
//! real programs as a merchant makes them. Gone with its handle.

use std::fs::{self, OpenOptions};
use std::io::Write;
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
mod purchase;
mod stocked;

pub use buyer::{Addresses, Buyer, is_final};
pub use cli::Cli;
pub use codes::codes;
pub use judge::Judge;
pub use node::Node;
pub use node::address_after;
pub use purchase::{Item, Purchase};
pub use stocked::StockedShop;

/// The one currency of most tests.
pub const CURRENCY: &str = "CNY";

/// What a key costs in most tests.
pub const PRICE: &str = "9.90";

/// [`PRICE`] in minor units.
pub const PRICE_MINOR: i64 = 990;

/// The configuration's file.
const CONFIG: &str = "shelfproof.toml";

/// What a shop is made of.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many processes serve.
    pub nodes: usize,
    /// Whether the database keeps what it committed.
    pub durability: Durability,
    /// The folder below which the database lies.
    pub disk: PathBuf,
    /// The chain that it is on; where none, the shop is the vectors' merchant, and asks no chain.
    pub chain: Option<Chain>,
}

/// A merchant's place on a chain.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Which merchant.
    pub identity: Identity,
    /// A node's JSON-RPC address.
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

/// A caller of the API that buys.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its account's name.
    pub name: String,
    /// The API key that it shows.
    pub token: String,
}

/// A shop.
#[derive(Debug)]
pub struct TestShop {
    // Dropped in this order: the nodes before the database that they use, the folder last.
    nodes: Vec<Node>,
    /// Its command line.
    pub cli: Cli,
    /// Its cluster.
    pub postgres: Postgres,
    /// Its database in the cluster.
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
    /// Makes a shop: cluster, keys, configuration, schema, an administrator, and nodes that are ready.
    ///
    /// # Errors
    /// With the programs' own words and logs, where one of them fails.
    pub fn start(settings: &Settings) -> Result<Self> {
        let postgres = Postgres::start_below(&settings.disk, settings.durability)?;
        let database = postgres.database()?;
        let folder = tempfile::Builder::new().prefix("shop-").tempdir()?;
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

    /// Starts one more process that serves, and waits until it is ready.
    ///
    /// # Errors
    /// With its log, where it does not become ready.
    pub fn add_node(&mut self) -> Result<SocketAddr> {
        self.add_node_with(&[])
    }

    /// The same, with further words on its command line.
    ///
    /// # Errors
    /// With its log, where it does not become ready.
    pub fn add_node_with(&mut self, flags: &[&str]) -> Result<SocketAddr> {
        let log = self.folder.path().join(format!("{}.log", self.name("node")));
        let node = Node::start(&self.cli, flags, &log)?;
        let address = node.address();
        self.nodes.push(node);
        Ok(address)
    }

    /// The public part of a key, as `admin keys init` printed it.
    ///
    /// # Errors
    /// Where it printed none of that name.
    pub fn public_key(&self, name: &str) -> Result<&str> {
        public_key(&self.keys, name)
    }

    /// Further lines of the configuration, for what starts from now on.
    ///
    /// # Errors
    /// The system's.
    pub fn configure(&self, lines: &str) -> Result<()> {
        let file = OpenOptions::new().append(true).open(self.folder.path().join(CONFIG));
        Ok(file?.write_all(lines.as_bytes())?)
    }

    /// The shop's folder: configuration, keys and logs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The same shop over another database of that cluster: its command line.
    ///
    /// # Errors
    /// Where the configuration cannot be written.
    pub fn over(&self, postgres: &Postgres, database: &str) -> Result<Cli> {
        let url = postgres.url(database, config::PASSWORD);
        let name = format!("{}.toml", self.name("other"));
        let config = config::write(self.folder.path(), &name, &url, self.chain.as_ref())?;
        Ok(self.cli.over(config))
    }

    /// A process that serves by that command line, not ready yet; its log lies with the others.
    ///
    /// # Errors
    /// With its log, where it does not come to listen.
    pub fn listen(&self, cli: &Cli) -> Result<Node> {
        Node::listen(cli, &[], &self.folder.path().join(format!("{}.log", self.name("node"))))
    }

    /// Kills a node with `kill -9`; its log stays.
    pub fn kill_node(&mut self, at: usize) {
        drop(self.nodes.remove(at));
    }

    /// Where that node listens.
    #[must_use]
    pub fn address(&self, at: usize) -> SocketAddr {
        self.nodes[at].address()
    }

    /// Where that node answers `/metrics` without a token.
    #[must_use]
    pub fn metrics(&self, at: usize) -> Option<SocketAddr> {
        self.nodes[at].metrics()
    }

    /// A node.
    pub fn node(&mut self, at: usize) -> &mut Node {
        &mut self.nodes[at]
    }

    /// A caller of the first node.
    ///
    /// # Errors
    /// Where the token cannot be sent.
    pub fn client(&self, token: &str) -> Result<Client> {
        Client::new(self.address(0), token)
    }

    /// A new product at that price; its id.
    ///
    /// # Errors
    /// With the program's words.
    pub fn product(&self, price: &str, currency: &str) -> Result<String> {
        self.cli.product_create(&self.name("product"), price, currency)
    }

    /// Imports those codes for that product and puts them on the shelf.
    ///
    /// # Errors
    /// With the program's words.
    pub fn stock(&self, product: &str, codes: &[String]) -> Result<()> {
        let name = self.name("batch");
        let file = self.folder.path().join(format!("{name}.txt"));
        fs::write(&file, codes.join("\n"))?;
        let batch = self.cli.import(product, &name, &file)?;
        self.cli.activate(&batch)?;
        Ok(fs::remove_file(file)?)
    }

    /// The same through the API, with which small batches are faster.
    ///
    /// # Errors
    /// With the API's words.
    pub fn stock_by_api(&self, product: &str, codes: &[String]) -> Result<()> {
        let path = format!("/api/v1/products/{product}/batches?name={}", self.name("batch"));
        let mut client = self.client(&self.admin)?;
        block_on(async {
            let made = client.post(&path, codes.join("\n")).await?;
            let batch = made.expect(200)?["batch"].as_str().unwrap_or_default().to_owned();
            let activated = client.post(&format!("/api/v1/batches/{batch}/activate"), "").await?;
            activated.expect(200).map(drop)
        })?
    }

    /// A new account that buys, without credit.
    ///
    /// # Errors
    /// With the program's words.
    pub fn channel(&self) -> Result<Channel> {
        let name = self.name("channel");
        let token = self.cli.key_create("channel", &name)?;
        Ok(Channel { name, token })
    }

    /// Credit for that account.
    ///
    /// # Errors
    /// With the program's words.
    pub fn credit(&self, channel: &Channel, amount: &str, currency: &str) -> Result<()> {
        self.cli
            .credit_add(&channel.name, amount, currency, &self.name("payment"))
    }

    /// The check of all invariants finds nothing.
    ///
    /// # Errors
    /// With what it finds.
    pub fn check(&self) -> Result<()> {
        self.cli.run(&["admin", "check"]).map(drop)
    }

    /// One value out of the database.
    ///
    /// # Errors
    /// With the server's words.
    pub fn ask(&self, sql: &str) -> Result<i64> {
        let answer = self.postgres.psql(&self.database, sql)?;
        Ok(answer.parse().map_err(|error| format!("{sql}: {answer:?}: {error}"))?)
    }

    /// Checks purchases by the protocol.
    #[must_use]
    pub const fn judge(&self) -> &Judge {
        &self.judge
    }

    /// What all nodes, the command line and the database have written about what they do.
    ///
    /// # Errors
    /// Where a log cannot be read.
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

    /// What must never be read outside: the passphrase and the database's password.
    #[must_use]
    pub const fn secrets() -> [&'static str; 2] {
        [config::PASSPHRASE, config::PASSWORD]
    }

    /// A name that nothing else in this shop has.
    fn name(&self, what: &str) -> String {
        format!("{what}-{}", self.names.fetch_add(1, Ordering::Relaxed))
    }
}

impl AsRef<Self> for TestShop {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// The public part of a key among those that were printed.
fn public_key<'a>(keys: &'a Value, name: &str) -> Result<&'a str> {
    let key = keys["keys"]
        .as_array()
        .and_then(|keys| keys.iter().find(|key| key["key"] == name));
    let public = key.and_then(|key| key["public"].as_str());
    Ok(public.ok_or_else(|| format!("no public part of {name} in {keys}"))?)
}

/// The body of an order of one key.
#[must_use]
pub fn order_of(product: &str) -> String {
    order_lines(&[(product, 1)])
}

/// The body of an order of those products and quantities.
#[must_use]
pub fn order_lines(lines: &[(&str, u32)]) -> String {
    let line = |(product, quantity): &(&str, u32)| serde_json::json!({"product": product, "quantity": quantity});
    let lines: Vec<Value> = lines.iter().map(line).collect();
    serde_json::json!({ "lines": lines }).to_string()
}

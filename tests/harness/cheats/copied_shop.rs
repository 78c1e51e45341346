//! The shop's program over a copy of its database, with the shop's keys. The real shop does not see the sales of the
//! copy.

use std::path::PathBuf;
use std::process::Output;

use alloy_primitives::{B256, Bytes};
use serde_json::{Value, json};
use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::Receipt;
use tempfile::TempDir;

use super::ShopSnapshot;
use super::database::Database;
use crate::Result;
use crate::anchored_shop::Secret;
use crate::client::{Answer, Client};
use crate::shop::{Cli, Node, Purchase};
use crate::vector_chain::block_on;

/// The copy, and the shop's programs for it. Dropping this removes them.
pub(super) struct CopiedShop<'a> {
    /// The shop that it is a copy of.
    pub(super) snapshot: &'a ShopSnapshot,
    /// The copy.
    pub(super) database: Database,
    folder: TempDir,
}

/// A copy with a running node.
pub(super) struct SellingCopy<'a> {
    // Dropped in this order: the node before the database.
    node: Node,
    /// The copy that it sells from.
    pub(super) copy: CopiedShop<'a>,
}

/// A key that the real program sold, with a real receipt.
pub(super) struct Sale {
    /// The buyer's secret.
    pub(super) secret: Secret,
    /// The code that the buyer got.
    pub(super) code: String,
    /// The receipt: the promise that the sale will be anchored.
    pub(super) receipt: Receipt,
    order: String,
    item: u32,
}

impl<'a> CopiedShop<'a> {
    /// A fresh copy of the snapshot.
    pub(super) fn of(snapshot: &'a ShopSnapshot) -> Result<Self> {
        Ok(Self {
            snapshot,
            database: snapshot.template.copy()?,
            folder: tempfile::tempdir()?,
        })
    }

    /// Starts a node over the copy, without a chain. This turns off the fence that keeps an old database from selling.
    pub(super) fn open(self) -> Result<SellingCopy<'a>> {
        let cli = self.cli("")?;
        let node = Node::start(&cli, &[], &self.path("node.log"))?;
        Ok(SellingCopy { node, copy: self })
    }

    /// Returns the answer to an order from a node that does look at the chain at `rpc`.
    pub(super) fn ask_fenced(&self, rpc: &str) -> Result<Answer> {
        let cli = self.cli(&format!("rpc = \"{rpc}\""))?;
        let node = Node::listen(&cli, &[], &self.path("fenced.log"))?;
        order(&node, self.snapshot, &new_secret("nobody"))
    }

    /// Runs a command of the shop's program.
    pub(super) fn run(&self, args: &[&str]) -> Result<Output> {
        self.cli("")?.output(args)
    }

    /// Writes an input file for [`run`](Self::run), and returns its path.
    pub(super) fn file(&self, text: &str) -> Result<String> {
        let path = self.path("input");
        std::fs::write(&path, text)?;
        Ok(path.display().to_string())
    }

    /// The program, configured for the copy. `chain` holds further lines for that section.
    fn cli(&self, chain: &str) -> Result<Cli> {
        let ShopSnapshot { identity, keys, .. } = self.snapshot;
        let config = self.path("shelfproof.toml");
        let text = format!(
            r#"[http]
listen = "127.0.0.1:0"

[database]
url = "{}"

[keys]
folder = "{}"
passphrase_file = "{}"

[chain]
chain_id = {}
registry = "{}"
merchant_id = "{}"
{chain}

[shop]
name = "A copy"
data_uri = "http://127.0.0.1:1/data"
"#,
            self.database.url(),
            keys.folder.display(),
            keys.passphrase_file.display(),
            identity.chain_id,
            identity.registry,
            identity.merchant_id,
        );
        std::fs::write(&config, text)?;
        Ok(Cli::new(self.snapshot.shop.clone(), config, &self.path("cli.log")))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl SellingCopy<'_> {
    /// Sells the next key to a buyer of that name.
    pub(super) fn sell(&self, tag: &str) -> Result<Sale> {
        let secret = new_secret(tag);
        let Purchase { order, items, .. } = Purchase::read(&order(&self.node, self.copy.snapshot, &secret)?)?;
        let item = items.into_iter().next().ok_or("an order without a key")?;
        Ok(Sale {
            secret,
            receipt: Receipt::parse(item.receipt.to_string().as_bytes())?,
            code: item.code,
            order,
            item: item.item,
        })
    }

    /// Refunds a sale.
    pub(super) fn refund(&self, sale: &Sale) -> Result<()> {
        let path = format!("/api/v1/orders/{}/refund", sale.order);
        let body = json!({"item": sale.item}).to_string();
        block_on(async {
            let mut admin = Client::new(self.node.address(), &self.copy.snapshot.stock.admin)?;
            admin.post(&path, body).await?.expect(200).map(drop)
        })?
    }
}

impl Sale {
    pub(super) const fn key_id(&self) -> B256 {
        self.receipt.promise.event.key_id
    }
}

/// Returns a secret for the buyer of that name.
pub(super) fn new_secret(name: &str) -> Secret {
    Secret {
        nonce: B256::from(rand::random::<[u8; 32]>()),
        tag: format!("{name}@example.com"),
    }
}

/// Returns the body of a sale like the one that the bundle opens, but to another buyer.
pub(super) fn sale_to(like: &Bundle, buyer: &Secret) -> Result<String> {
    let sale = like.events.iter().find(|included| included.event.kind == Kind::Sold);
    let opening = sale
        .and_then(|sale| sale.opening.as_ref())
        .ok_or("a bundle that opens no sale")?;
    let mut body: Value = serde_json::from_str(&opening.body)?;
    body["buyer"] = json!(buyer.commitment());
    Ok(body.to_string())
}

fn order(node: &Node, snapshot: &ShopSnapshot, secret: &Secret) -> Result<Answer> {
    let body = json!({
        "lines": [{"product": snapshot.stock.product, "quantity": 1}],
        "buyer": secret.commitment(),
    });
    block_on(async {
        let mut reseller = Client::new(node.address(), &snapshot.stock.reseller)?;
        let key = Bytes::from(rand::random::<[u8; 8]>()).to_string();
        Ok(reseller.order(&key, body.to_string()).await?)
    })?
}

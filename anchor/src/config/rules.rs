//! The rules of each section, with the files that its values may stand in, and the rules between sections.

use alloy_primitives::{Address, B256};
use secrecy::{ExposeSecret, SecretString};
use shelfproof_base::config::{Check, Section, broken, secret_in_file, within};
use shelfproof_base::web::is_web_address;
use shelfproof_verifier::epoch;
use sqlx::postgres::PgConnectOptions;

use super::{Anchor, Chain, Database, Keys, KeysFolder, Sale};

impl Section for Database {
    const NAME: &'static str = "database";

    fn broken(&self) -> Vec<Check> {
        database(self)
    }

    fn read_files(&mut self) -> Result<(), Check> {
        if let Some(path) = self.url_file.take() {
            self.url = secret_in_file("url_file", &path, url)?;
        }
        Ok(())
    }
}

impl Section for Keys {
    const NAME: &'static str = "keys";
}

impl Section for KeysFolder {
    const NAME: &'static str = Keys::NAME;
}

impl Section for Chain {
    const NAME: &'static str = "chain";

    fn broken(&self) -> Vec<Check> {
        chain(self)
    }

    fn read_files(&mut self) -> Result<(), Check> {
        if let Some(path) = self.rpc_file.take() {
            self.rpc = secret_in_file("rpc_file", &path, rpc)?;
        }
        Ok(())
    }
}

impl Section for Sale {
    const NAME: &'static str = "sale";
}

impl Section for Anchor {
    const NAME: &'static str = "anchor";

    fn broken(&self) -> Vec<Check> {
        anchor(self)
    }
}

fn database(database: &Database) -> Vec<Check> {
    let address = database.url.expose_secret();
    let url = match (address.is_empty(), &database.url_file) {
        (true, None) => Some("is not set: set it, or url_file to the path of a file that holds it".to_owned()),
        (false, Some(_)) => Some("and url_file are both set: keep one".to_owned()),
        (true, Some(_)) => None,
        (false, None) => url(&database.url),
    };
    broken([
        url.map(|rule| ("url", rule)),
        within("pool_size", database.pool_size.into(), 4..=1_000),
    ])
}

/// Says what is wrong with a database's address, without the address.
fn url(url: &SecretString) -> Option<String> {
    let url = url.expose_secret();
    let is_postgres = ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme));
    (!is_postgres || url.parse::<PgConnectOptions>().is_err())
        .then(|| "must be an address like postgres://user:password@host:5432/database".to_owned())
}

fn chain(chain: &Chain) -> Vec<Check> {
    let zero = |field, is_zero: bool| is_zero.then(|| (field, "must not be zero".to_owned()));
    let rpc = match (chain.rpc.expose_secret().is_empty(), &chain.rpc_file) {
        (false, Some(_)) => Some("and rpc_file are both set: keep one".to_owned()),
        (false, None) => rpc(&chain.rpc),
        (true, _) => None,
    };
    broken([
        // The database keeps it as a signed number.
        within("chain_id", chain.chain_id, 1..=i64::MAX as u64),
        zero("registry", chain.registry == Address::ZERO),
        zero("merchant_id", chain.merchant_id == B256::ZERO),
        rpc.map(|rule| ("rpc", rule)),
        chain
            .confirmations
            .and_then(|blocks| within("confirmations", blocks, 1..=10_000)),
        within("stale_after_s", chain.stale_after_s, 0..=604_800),
    ])
}

/// Says what is wrong with a node's address, without the address, which may contain an access key.
fn rpc(rpc: &SecretString) -> Option<String> {
    (!is_web_address(rpc.expose_secret())).then(|| "must be an address like https://node.example".to_owned())
}

fn anchor(anchor: &Anchor) -> Vec<Check> {
    let folder = "is not set: set it to a folder for the epochs' data and the history map";
    let is_no_address = anchor
        .read_back_url
        .as_ref()
        .is_some_and(|url| !is_web_address(url.expose_secret()));
    broken([
        anchor
            .folder
            .as_os_str()
            .is_empty()
            .then(|| ("folder", folder.to_owned())),
        within("every_s", anchor.every_s, 1..=43_200),
        within("events_max", anchor.events_max, 1..=epoch::MAX_EVENTS),
        within("margin_s", anchor.margin_s, 0..=43_200),
        within("pending_epochs_max", anchor.pending_epochs_max as u64, 1..=1_024),
        within("pending_events_max", anchor.pending_events_max, 1..=16_000_000),
        within("poll_ms", anchor.poll_ms, 10..=60_000),
        is_no_address.then(|| {
            (
                "read_back_url",
                "must be an address like https://shop.example/data".to_owned(),
            )
        }),
        within("max_fee_gwei", anchor.max_fee_gwei, 1..=1_000_000),
    ])
}

/// What anchoring needs beyond the rules of each section.
pub(super) fn anchored(chain: &Chain) -> Vec<Check> {
    let rule = "is not set: set it to the JSON-RPC address of a node, or chain.rpc_file to a file that holds it";
    broken([chain
        .rpc
        .expose_secret()
        .is_empty()
        .then(|| ("chain.rpc", rule.to_owned()))])
}

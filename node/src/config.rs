//! The configuration of `shelfproof`: the sections that it shares with `shelfproof-anchor`, and its own.
//!
//! A section is a struct here with its rules in `rules`, and a field of [`Config`]; its name goes into
//! [`SHOP_SECTIONS`](shelfproof_anchor::config::SHOP_SECTIONS) too, so that `shelfproof-anchor` accepts it in the file.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use shelfproof_anchor::config::{Anchor, Chain, Database, Keys};
use shelfproof_base::config::{self, Check, ConfigError, Section, Settings};
use shelfproof_base::config_sections;
use shelfproof_base::log::Log;

use crate::domain::sale::PendingCaps;
use crate::gateway::account::Account;

mod rules;
#[cfg(test)]
mod tests;

config_sections! {
    /// All that `shelfproof` reads.
    pub struct Config {
        pub http: Http,
        pub database: Database,
        pub keys: Keys,
        pub chain: Chain,
        pub shop: Shop,
        pub sale: Sale,
        pub checkout: Checkout,
        pub gateways: Gateways,
        pub worker: Worker,
        pub proofs: Proofs,
        pub log: Log,
    }
}

/// `[http]`: the API.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port to listen on; port 0 is any free one.
    pub listen: SocketAddr,
    /// Address and port that serve `/metrics` only, without a token; none if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_listen: Option<SocketAddr>,
    /// The time after which a request is answered with an error.
    pub timeout_ms: u64,
    /// Requests served at once; further ones are refused with a time to retry after.
    pub requests_max: usize,
    /// The longest body of a request other than an import.
    pub body_max_bytes: usize,
    /// The longest body of an import.
    pub import_max_bytes: usize,
    /// The time that requests in flight have to end at shutdown.
    pub drain_ms: u64,
}

/// `[shop]`: what buyers and verifiers are told.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    pub name: String,
    /// The address where the anchor publishes epoch data, as registered on the chain.
    pub data_uri: String,
}

/// `[sale]`: the hot path.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sale {
    /// Batches under way at once, each with a connection of its own.
    pub workers: usize,
    /// Orders in a batch at most.
    pub batch_max: usize,
    /// Keys in a batch at most.
    pub batch_keys_max: u32,
    /// Orders of one account that wait for a batch at most; those above are told to come back.
    pub lane_max: usize,
    /// Orders of all accounts that wait for a batch at most.
    pub queue_max: usize,
    /// How long a batch waits for a product or a wallet that somebody else has locked, before it goes on without that.
    pub lock_wait_ms: u64,
    /// Receipts promise that the sale is anchored within this time.
    pub anchor_within_s: u64,
    /// The folder of the receipt journal, on another disk than the database's; there is none where this is not set.
    #[serde(deserialize_with = "config::optional_path", skip_serializing_if = "Option::is_none")]
    pub journal: Option<PathBuf>,
    /// No receipt is signed while the node's clock and the chain's newest block are further apart.
    pub chain_apart_max_s: u64,
}

/// `[checkout]`: orders that are paid through a gateway.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Checkout {
    /// The address at which buyers and gateways reach this shop: https, or http on this machine. Needed where there are
    /// gateways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// How long such an order can be paid, and its keys are held.
    pub pay_within_s: u64,
    /// Unpaid orders of one contact at once.
    pub pending_per_contact: u32,
    /// Unpaid orders from one address at once.
    pub pending_per_address: u32,
    /// Keys that unpaid orders from one address hold at once.
    pub held_per_address: u32,
    /// Keys of one product that unpaid orders hold at once.
    pub held_per_product: u32,
}

/// `[gateways.NAME]`: the merchant's accounts at payment gateways, by the names that the shop gives them.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Gateways(pub BTreeMap<String, Account>);

/// `[worker]`: background tasks.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Worker {
    /// Time between two checks of the invariants.
    pub check_every_s: u64,
    /// How long facts of the outbox are kept after every consumer has read them.
    pub outbox_keep_days: u64,
    /// Address and port that answer `/healthz` and `/metrics`, without a token; there is none where this is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
}

/// `[proofs]`: where proofs come from.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Proofs {
    /// The http address of `shelfproof-anchor run` or `follow`, which may contain a password. Without it, no proofs are
    /// served.
    #[serde(
        deserialize_with = "config::optional_secret",
        serialize_with = "config::serialize_optional_origin",
        skip_serializing_if = "Option::is_none"
    )]
    pub prover: Option<SecretString>,
    /// The folder of the epochs' data files, served at `/data`: `data` in the anchor's folder.
    #[serde(deserialize_with = "config::optional_path", skip_serializing_if = "Option::is_none")]
    pub data_folder: Option<PathBuf>,
}

impl Config {
    /// Reads and checks all sections.
    ///
    /// # Errors
    /// All fields that are missing or unknown, or that break a rule.
    pub fn read(settings: &Settings) -> Result<Self, ConfigError> {
        let config = Self::sections(settings, &[Anchor::NAME])?;
        settings.refuse("", rules::together(&config))?;
        settings.refuse(Gateways::NAME, rules::gateways(&config.gateways, &config.checkout))?;
        Ok(config)
    }
}

impl Section for Http {
    const NAME: &'static str = "http";

    fn broken(&self) -> Vec<Check> {
        rules::http(self)
    }
}

impl Section for Shop {
    const NAME: &'static str = "shop";

    fn broken(&self) -> Vec<Check> {
        rules::shop(self)
    }
}

impl Section for Sale {
    const NAME: &'static str = "sale";

    fn broken(&self) -> Vec<Check> {
        rules::sale(self)
    }
}

impl Section for Checkout {
    const NAME: &'static str = "checkout";

    fn broken(&self) -> Vec<Check> {
        rules::checkout(self)
    }
}

impl Checkout {
    /// How much can wait for payment at once.
    #[must_use]
    pub const fn caps(&self) -> PendingCaps {
        PendingCaps {
            per_guest: self.pending_per_contact,
            per_address: self.pending_per_address,
            per_product: self.held_per_product,
            keys_per_address: self.held_per_address,
        }
    }
}

impl Section for Gateways {
    const NAME: &'static str = "gateways";
}

impl Section for Worker {
    const NAME: &'static str = "worker";

    fn broken(&self) -> Vec<Check> {
        rules::worker(self)
    }
}

impl Section for Proofs {
    const NAME: &'static str = "proofs";

    fn broken(&self) -> Vec<Check> {
        rules::proofs(self)
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            metrics_listen: None,
            timeout_ms: 10_000,
            requests_max: 1_024,
            body_max_bytes: 64 << 10,
            import_max_bytes: 8 << 20,
            drain_ms: 10_000,
        }
    }
}

impl Default for Sale {
    fn default() -> Self {
        Self {
            workers: 2,
            batch_max: 64,
            batch_keys_max: 1_000,
            lane_max: 256,
            queue_max: 4_096,
            lock_wait_ms: 250,
            anchor_within_s: 86_400,
            journal: None,
            chain_apart_max_s: 300,
        }
    }
}

impl Default for Checkout {
    fn default() -> Self {
        Self {
            public_url: None,
            pay_within_s: 900,
            pending_per_contact: 3,
            pending_per_address: 10,
            held_per_address: 100,
            held_per_product: 500,
        }
    }
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            check_every_s: 3_600,
            outbox_keep_days: 30,
            listen: None,
        }
    }
}

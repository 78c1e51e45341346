//! What a node is told: the sections that it shares with `shelfproof-anchor`, and its own.
//!
//! Layers, errors and the shared sections are the anchor's ([`shelfproof_anchor::config`]): one file serves both programs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use shelfproof_anchor::config::{self, keep};

mod rules;
#[cfg(test)]
mod tests;

pub use shelfproof_anchor::config::{Chain, ConfigError, Database, Flag, Keys, Log, LogFormat, Settings, read_secret};

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub struct Config {
    /// The API.
    pub http: Http,
    /// The truth about sales.
    pub database: Database,
    /// The vault.
    pub keys: Keys,
    /// Which merchant this is, and where its chain is read.
    pub chain: Chain,
    /// What buyers and verifiers are told.
    pub shop: Shop,
    /// The hot path.
    pub sale: Sale,
    /// Background tasks.
    pub worker: Worker,
    /// Where proofs come from.
    pub proofs: Proofs,
    /// What is written about all that.
    pub log: Log,
}

/// `[http]`: the API.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port to listen on; port 0 is any free one.
    pub listen: SocketAddr,
    /// Address and port that answer `/metrics` alone, without a token; there is none where this is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_listen: Option<SocketAddr>,
    /// How long a request may take before it is answered with an error.
    pub timeout_ms: u64,
    /// How many requests are worked on at once; those above are told to come back.
    pub requests_max: usize,
    /// The longest body of a request, but for imports.
    pub body_max_bytes: usize,
    /// The longest body of an import.
    pub import_max_bytes: usize,
    /// How long requests under way may take to end once the node is told to stop.
    pub drain_ms: u64,
}

/// `[shop]`: what buyers and verifiers are told.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// The shop's name.
    pub name: String,
    /// Where epoch data is published, as on the chain.
    pub data_uri: String,
}

/// `[sale]`: the hot path.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sale {
    /// Batches under way at once, each with a connection of its own.
    pub workers: usize,
    /// Orders in a batch at most.
    pub batch_max: usize,
    /// Orders that wait for a batch at most; those above are told to come back.
    pub queue_max: usize,
    /// Receipts promise that the sale is anchored within this time.
    pub anchor_within_s: u64,
}

/// `[worker]`: background tasks.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Worker {
    /// Time between two checks of the invariants.
    pub check_every_s: u64,
    /// Address and port that answer `/healthz` and `/metrics`, without a token; there is none where this is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
}

/// `[proofs]`: where proofs come from.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Proofs {
    /// The http address of `shelfproof-anchor run` or `follow`, which may hold a password; without it no proof is answered.
    #[serde(
        deserialize_with = "config::optional_secret",
        serialize_with = "config::serialize_web_address",
        skip_serializing_if = "Option::is_none"
    )]
    pub prover: Option<SecretString>,
    /// The folder of the epochs' data files, answered at `/data`: the anchor's folder, and `data` in it.
    #[serde(deserialize_with = "config::optional_path", skip_serializing_if = "Option::is_none")]
    pub data_folder: Option<PathBuf>,
}

impl Config {
    /// All of it, checked.
    ///
    /// # Errors
    /// Every field that is missing, unknown or breaks a rule.
    pub fn read(settings: &Settings) -> Result<Self, ConfigError> {
        settings.known_sections()?;
        let mut problems = Vec::new();
        let sections = (
            keep(settings.section("http", rules::http), &mut problems),
            keep(settings.database(), &mut problems),
            keep(settings.keys(), &mut problems),
            keep(settings.chain(), &mut problems),
            keep(settings.section("shop", rules::shop), &mut problems),
            keep(settings.section("sale", rules::sale), &mut problems),
            keep(settings.section("worker", rules::worker), &mut problems),
            keep(settings.section("proofs", rules::proofs), &mut problems),
            keep(settings.log(), &mut problems),
        );
        let (
            Some(http),
            Some(database),
            Some(keys),
            Some(chain),
            Some(shop),
            Some(sale),
            Some(worker),
            Some(proofs),
            Some(log),
        ) = sections
        else {
            return Err(ConfigError::Fields(problems));
        };
        let config = Self {
            http,
            database,
            keys,
            chain,
            shop,
            sale,
            worker,
            proofs,
            log,
        };
        settings.refuse("", rules::together(&config))?;
        Ok(config)
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
            queue_max: 4_096,
            anchor_within_s: 86_400,
        }
    }
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            check_every_s: 3_600,
            listen: None,
        }
    }
}

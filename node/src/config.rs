//! What a node is told: defaults, then the file, then the environment, then flags, each over the one before.
//!
//! The file is TOML, a section a struct below; `SHELFPROOF_HTTP__LISTEN` in the environment is `http.listen` in the file.
//! Whatever is wrong is said at the start: the field, the rule that it breaks, and where the value came from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use shelfproof_verifier::chain::Identity;

mod describe;
mod error;
mod rules;
mod secret;
mod settings;
#[cfg(test)]
mod tests;

pub use error::{ConfigError, Problem};
pub use secret::{read_secret, redacted};
pub use settings::{DEFAULT_FILE, Flag, Settings};

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub struct Config {
    /// The API.
    pub http: Http,
    /// The truth about sales.
    pub database: Database,
    /// The vault.
    pub keys: Keys,
    /// Which merchant this is.
    pub chain: Chain,
    /// What buyers and verifiers are told.
    pub shop: Shop,
    /// The hot path.
    pub sale: Sale,
    /// Housekeeping.
    pub worker: Worker,
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

/// `[database]`: the truth about sales.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `postgres://user:password@host:port/database`.
    #[serde(deserialize_with = "secret::text", serialize_with = "secret::serialize_url")]
    pub url: SecretString,
    /// A file that holds the address instead.
    #[serde(
        deserialize_with = "settings::optional_path",
        skip_serializing_if = "Option::is_none"
    )]
    pub url_file: Option<PathBuf>,
    /// Connections at most.
    pub pool_size: u32,
}

/// `[keys]`: the vault.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// The folder that holds the encrypted key files.
    #[serde(deserialize_with = "settings::path")]
    pub folder: PathBuf,
    /// The file that holds the passphrase which opens them.
    #[serde(deserialize_with = "settings::path")]
    pub passphrase_file: PathBuf,
}

/// `[chain]`: which merchant this is. `shelfproof-anchor register` prints all three.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// The chain's EIP-155 id.
    pub chain_id: u64,
    /// The registry contract.
    pub registry: Address,
    /// The merchant in it.
    pub merchant_id: B256,
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

/// `[worker]`: housekeeping.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Worker {
    /// Time between two checks of the invariants.
    pub check_every_s: u64,
}

/// `[log]`: what is written about all that, to standard error.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// What is written, as `tracing` reads it: `info`, `warn,shelfproof=debug`.
    pub filter: String,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line of text.
    Text,
    /// A line of JSON.
    Json,
}

impl Chain {
    /// The merchant as the protocol names it.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        Identity {
            chain_id: self.chain_id,
            registry: self.registry,
            merchant_id: self.merchant_id,
        }
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

impl Default for Database {
    fn default() -> Self {
        Self {
            url: SecretString::default(),
            url_file: None,
            pool_size: 16,
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
        Self { check_every_s: 3_600 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info,sqlx=warn".to_owned(),
        }
    }
}

//! The sections that `shelfproof-anchor` reads; all but `[anchor]` are `shelfproof`'s too.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use shelfproof_base::config::{self, Check, Section, secret_in_file};
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::chain::rpc::{Finality, RpcError, RpcSource};
use shelfproof_verifier::epoch;

use super::rules;

/// `[database]`: the truth about sales.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `postgres://user:password@host:port/database`.
    #[serde(deserialize_with = "config::secret", serialize_with = "config::serialize_url")]
    pub url: SecretString,
    /// A file that holds the address instead.
    #[serde(deserialize_with = "config::optional_path", skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
    /// Connections at most.
    pub pool_size: u32,
}

/// `[keys]`: the vault.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// The folder that holds the encrypted key files.
    #[serde(deserialize_with = "config::path")]
    pub folder: PathBuf,
    /// The file that holds the passphrase which opens them.
    #[serde(deserialize_with = "config::path")]
    pub passphrase_file: PathBuf,
}

/// `folder` of `[keys]` alone: what is public of the keys, no passphrase opens.
#[derive(Debug, Deserialize)]
pub struct KeysFolder {
    /// The folder that holds the encrypted key files.
    #[serde(deserialize_with = "config::path")]
    pub folder: PathBuf,
}

/// `[chain]`: which merchant this is, as `shelfproof-anchor register` prints it, and where its chain is read.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// The chain's EIP-155 id.
    pub chain_id: u64,
    /// The registry contract.
    pub registry: Address,
    /// The merchant in it.
    pub merchant_id: B256,
    /// The JSON-RPC address of a node, which may hold a key; empty where there is none.
    #[serde(
        default,
        deserialize_with = "config::secret",
        serialize_with = "config::serialize_origin"
    )]
    pub rpc: SecretString,
    /// A file that holds the address instead.
    #[serde(
        default,
        deserialize_with = "config::optional_path",
        skip_serializing_if = "Option::is_none"
    )]
    pub rpc_file: Option<PathBuf>,
    /// Blocks on top after which a block is final; the node's `finalized` tag where not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmations: Option<u64>,
    /// A node whose newest block is older than this is not believed to know the chain's newest epoch; 0 believes any.
    #[serde(default = "stale_after_s")]
    pub stale_after_s: u64,
}

/// `[anchor]`: from events to the chain.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Anchor {
    /// The folder of the epochs' data files and the history map; it has no default.
    #[serde(deserialize_with = "config::path")]
    pub folder: PathBuf,
    /// The key file of the account that anchors; `anchorer.key` in the folder of the keys where not set.
    #[serde(deserialize_with = "config::optional_path", skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// Address and port that answer proofs and metrics; port 0 is any free one.
    pub listen: SocketAddr,
    /// An event waits at most so long until an epoch is cut.
    pub every_s: u64,
    /// Events of an epoch at most.
    pub events_max: u64,
    /// An epoch is cut this long before the first receipt's deadline, whatever else.
    pub margin_s: u64,
    /// Epochs that wait for their final block at most: no more are cut then.
    pub pending_epochs_max: usize,
    /// Events in them at most.
    pub pending_events_max: u64,
    /// How often database and chain are looked at.
    pub poll_ms: u64,
    /// The most paid for a unit of gas, whatever the node estimates: one that lies must not spend the account at once.
    pub max_fee_gwei: u64,
}

impl Section for Database {
    const NAME: &'static str = "database";

    fn broken(&self) -> Vec<Check> {
        rules::database(self)
    }

    fn read_files(&mut self) -> Result<(), Check> {
        if let Some(path) = self.url_file.take() {
            self.url = secret_in_file("url_file", &path, rules::url)?;
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
        rules::chain(self)
    }

    fn read_files(&mut self) -> Result<(), Check> {
        if let Some(path) = self.rpc_file.take() {
            self.rpc = secret_in_file("rpc_file", &path, rules::rpc)?;
        }
        Ok(())
    }
}

impl Section for Anchor {
    const NAME: &'static str = "anchor";

    fn broken(&self) -> Vec<Check> {
        rules::anchor(self)
    }
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

    /// The merchant as its node shows it.
    ///
    /// # Errors
    /// Where the node does not answer, or serves another chain.
    pub async fn source(&self) -> Result<RpcSource, RpcError> {
        let (url, told) = (self.rpc.expose_secret(), Some(self.chain_id));
        RpcSource::connect(url, told, self.registry, self.merchant_id, self.finality()).await
    }

    /// When a block counts as final.
    #[must_use]
    pub fn finality(&self) -> Finality {
        self.confirmations.map_or(Finality::Tag, Finality::Confirmations)
    }
}

/// Far above the time between two blocks of any public chain.
const fn stale_after_s() -> u64 {
    900
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

impl Default for Anchor {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            key_file: None,
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8090),
            every_s: 60,
            events_max: epoch::MAX_EVENTS,
            margin_s: 1_800,
            pending_epochs_max: 64,
            pending_events_max: 1_000_000,
            poll_ms: 1_000,
            max_fee_gwei: 1_000,
        }
    }
}

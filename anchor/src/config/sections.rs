//! The sections that `shelfproof-anchor` reads. `shelfproof` reads all of them but `[anchor]` too.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use shelfproof_base::config;
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::chain::rpc::{Finality, RpcError, RpcSource};
use shelfproof_verifier::epoch;

/// `[database]`: the PostgreSQL database of the shop.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `postgres://user:password@host:port/database`.
    #[serde(deserialize_with = "config::secret", serialize_with = "config::serialize_url")]
    pub url: SecretString,
    /// A file that contains the address instead.
    #[serde(deserialize_with = "config::optional_path", skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
    /// The most connections of a program.
    pub pool_size: u32,
}

/// `[keys]`: the key files.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// The folder of the encrypted key files.
    #[serde(deserialize_with = "config::path")]
    pub folder: PathBuf,
    /// The file with the passphrase of the key files.
    #[serde(deserialize_with = "config::path")]
    pub passphrase_file: PathBuf,
}

/// The field `folder` of `[keys]` alone, for commands that read public keys and need no passphrase.
#[derive(Debug, Deserialize)]
pub struct KeysFolder {
    /// The folder of the encrypted key files.
    #[serde(deserialize_with = "config::path")]
    pub folder: PathBuf,
}

/// `[chain]`: the merchant, as `shelfproof-anchor register` prints it, and the node of its chain.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// EIP-155.
    pub chain_id: u64,
    pub registry: Address,
    pub merchant_id: B256,
    /// The JSON-RPC address of a node, which may contain an access key; empty if there is none.
    #[serde(
        default,
        deserialize_with = "config::secret",
        serialize_with = "config::serialize_origin"
    )]
    pub rpc: SecretString,
    /// A file that contains the address instead.
    #[serde(
        default,
        deserialize_with = "config::optional_path",
        skip_serializing_if = "Option::is_none"
    )]
    pub rpc_file: Option<PathBuf>,
    /// The number of further blocks that make a block final; the node's tag `finalized` if not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmations: Option<u64>,
    /// A node counts as behind the chain if its newest block is older than this; 0 accepts any node.
    #[serde(default = "stale_after_s")]
    pub stale_after_s: u64,
}

/// `[anchor]`: from events to the chain.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Anchor {
    /// The folder of the epochs' data files and the history map. It has no default.
    #[serde(deserialize_with = "config::path")]
    pub folder: PathBuf,
    /// The key file of the account that anchors; `anchorer.key` in the keys' folder if not set.
    #[serde(deserialize_with = "config::optional_path", skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// Address and port that serve proofs and metrics; port 0 is any free one.
    pub listen: SocketAddr,
    /// The longest time that an event waits until an epoch is cut.
    pub every_s: u64,
    /// The most events of an epoch.
    pub events_max: u64,
    /// An epoch is cut at the latest this long before the first receipt's deadline.
    pub margin_s: u64,
    /// The most epochs that wait for their final block; no further ones are cut.
    pub pending_epochs_max: usize,
    /// The most events in these epochs.
    pub pending_events_max: u64,
    /// The time between two reads of database and chain.
    pub poll_ms: u64,
    /// Where the anchor reads an epoch's data back before it is sent, if not at the address that the registry names.
    #[serde(
        deserialize_with = "config::optional_secret",
        serialize_with = "config::serialize_optional_origin",
        skip_serializing_if = "Option::is_none"
    )]
    pub read_back_url: Option<SecretString>,
    /// The most paid for a unit of gas, whatever the node estimates, so that a lying node cannot spend the account at
    /// once.
    pub max_fee_gwei: u64,
}

/// `[sale]`: of it, what both programs read. `shelfproof` reads the rest.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Sale {
    /// The folder of the receipt journal; there is none where this is not set.
    #[serde(deserialize_with = "config::optional_path", skip_serializing_if = "Option::is_none")]
    pub journal: Option<PathBuf>,
}

impl Chain {
    /// The merchant as the protocol identifies it.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        Identity {
            chain_id: self.chain_id,
            registry: self.registry,
            merchant_id: self.merchant_id,
        }
    }

    /// Connects to the node.
    ///
    /// # Errors
    /// If the node does not answer, or serves another chain.
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
            read_back_url: None,
            max_fee_gwei: 1_000,
        }
    }
}

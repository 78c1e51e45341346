//! Reads the protocol's vectors. Fields that only the verifier's tests need are left out.

use std::fs;
use std::path::Path;

use alloy_primitives::{Address, B256, hex};
use serde::Deserialize;
use shelfproof_verifier::delta::delta_path;
use shelfproof_verifier::epoch::{Header, data_path};

use crate::{Result, tools};

/// The key that signs the vectors' receipts, which belongs to anvil's second account.
pub const RECEIPT_KEY: B256 = B256::new(hex!("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"));

/// The whole file, without the fields that are left out.
#[derive(Clone, Debug, Deserialize)]
pub struct Vectors {
    /// The merchant's VRF key.
    pub vrf: Vrf,
    /// The registered merchant.
    pub merchant: Merchant,
    /// The epochs, from number 1.
    pub epochs: Vec<Epoch>,
    /// The receipts' signer.
    pub receipts: Receipts,
    /// The deltas that hold.
    pub deltas: Vec<Delta>,
    /// The `shelfproof-trusted-epochs-v1` file.
    pub trusted: serde_json::Value,
    /// Bundles that hold.
    pub bundles: Vec<Case>,
    /// Bundles that must be refused.
    pub refused: Vec<Case>,
}

/// The merchant's VRF key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vrf {
    /// The public key, as the registry holds it.
    pub public_key: B256,
    /// The seed of the secret key.
    pub secret_key: B256,
}

/// The registered merchant, and its registry.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Merchant {
    pub chain_id: u64,
    pub registry: Address,
    /// The account that registered the merchant.
    pub owner: Address,
    /// The salt of the registration.
    pub salt: B256,
    /// The id that follows from owner and salt.
    pub merchant_id: B256,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Epoch {
    /// The header, whose hash the registry holds.
    pub header: ListedHeader,
    pub hash: B256,
    /// The published data, in hex.
    pub data: String,
}

/// An epoch's delta.
#[derive(Clone, Debug, Deserialize)]
pub struct Delta {
    /// The epoch's number.
    pub number: u64,
    /// The bytes, in hex.
    pub delta: String,
    /// The epoch's header, if it is none of [`Vectors::epochs`].
    pub header: Option<ListedHeader>,
}

/// A header as the vectors write it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedHeader {
    number: u64,
    parent: B256,
    events_root: B256,
    history_root: B256,
    event_count: u64,
    data_hash: B256,
}

impl From<&ListedHeader> for Header {
    fn from(listed: &ListedHeader) -> Self {
        Self {
            number: listed.number,
            parent: listed.parent,
            events_root: listed.events_root,
            history_root: listed.history_root,
            event_count: listed.event_count,
            data_hash: listed.data_hash,
        }
    }
}

/// The receipts' signer.
#[derive(Clone, Debug, Deserialize)]
pub struct Receipts {
    /// Its address.
    pub signer: Address,
}

/// A bundle, the buyer who asks, and the answer that a verifier must give.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// The name of the case.
    pub name: String,
    /// The code that the buyer types.
    pub code: String,
    /// The buyer's nonce, if the buyer is named.
    pub nonce: Option<B256>,
    /// The buyer's tag.
    pub tag: Option<String>,
    pub verdict: String,
    /// The `shelfproof-proof-v1` file. In a refused case, it is the file's text.
    pub bundle: serde_json::Value,
    /// What the chain holds in this case, if it differs from [`Vectors::trusted`].
    pub trusted: Option<serde_json::Value>,
}

impl Vectors {
    /// Reads the checkout's copy.
    ///
    /// # Errors
    /// If it is missing or does not have this form.
    pub fn read() -> Result<Self> {
        Ok(serde_json::from_slice(&fs::read(
            tools::root().join("tests/vectors/protocol-v1.json"),
        )?)?)
    }

    /// Publishes the data and the delta of every epoch below `folder`, as a merchant's `dataUri` would serve them.
    ///
    /// # Errors
    /// If the data is not hex, or the folder cannot be written.
    pub fn write_data(&self, folder: &Path) -> Result<()> {
        for epoch in &self.epochs {
            let path = folder.join(data_path(epoch.header.number));
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            fs::write(path, hex::decode(&epoch.data)?)?;
        }
        for delta in self.deltas.iter().filter(|delta| delta.header.is_none()) {
            fs::write(folder.join(delta_path(delta.number)), hex::decode(&delta.delta)?)?;
        }
        Ok(())
    }
}

//! Reads the protocol's vectors; fields that no test outside the verifier needs are left out.

use std::fs;
use std::path::Path;

use alloy_primitives::{Address, B256, hex};
use serde::Deserialize;
use shelfproof_verifier::epoch::{Header, data_path};

use crate::{Result, tools};

/// The key that the vectors' receipts are signed with: anvil's second account's.
pub const RECEIPT_KEY: B256 = B256::new(hex!("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"));

/// The whole file, less what nobody here reads.
#[derive(Clone, Debug, Deserialize)]
pub struct Vectors {
    /// The merchant's VRF key.
    pub vrf: Vrf,
    /// Who registered.
    pub merchant: Merchant,
    /// The epochs, from number 1.
    pub epochs: Vec<Epoch>,
    /// The receipts' signer.
    pub receipts: Receipts,
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
    /// As it stands in the registry.
    pub public_key: B256,
    /// The seed.
    pub secret_key: B256,
}

/// Who registered, and where.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Merchant {
    pub chain_id: u64,
    pub registry: Address,
    /// The account that registered.
    pub owner: Address,
    /// What it registered with.
    pub salt: B256,
    /// The name that this gives.
    pub merchant_id: B256,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Epoch {
    /// What the registry holds a hash of.
    pub header: ListedHeader,
    pub hash: B256,
    /// The published data, hex.
    pub data: String,
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

/// A bundle, who asks, and what a verifier must say.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The code that the buyer types.
    pub code: String,
    /// The buyer's nonce, where the buyer says who they are.
    pub nonce: Option<B256>,
    /// The buyer's tag.
    pub tag: Option<String>,
    pub verdict: String,
    /// The `shelfproof-proof-v1` file; of a refused case its text.
    pub bundle: serde_json::Value,
    /// What the chain holds in this case, where that is not what [`Vectors::trusted`] says.
    pub trusted: Option<serde_json::Value>,
}

impl Vectors {
    /// Reads the checkout's copy.
    ///
    /// # Errors
    /// If it is not there or not of this form.
    pub fn read() -> Result<Self> {
        Ok(serde_json::from_slice(&fs::read(
            tools::root().join("tests/vectors/protocol-v1.json"),
        )?)?)
    }

    /// Publishes every epoch's data below `folder`, as a merchant's `dataUri` would serve it.
    ///
    /// # Errors
    /// If the data is no hex or the folder cannot be written.
    pub fn write_data(&self, folder: &Path) -> Result<()> {
        for epoch in &self.epochs {
            let path = folder.join(data_path(epoch.header.number));
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            fs::write(path, hex::decode(&epoch.data)?)?;
        }
        Ok(())
    }
}

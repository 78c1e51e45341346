//! Registers the shop's merchant on the embedded chain, with `shelfproof-anchor`: only that program signs transactions.

use std::process::Command;

use alloy_primitives::{Address, B256};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::child::{ChildError, run};
use super::machine::Machine;
use super::public_keys::PublicKeys;
use super::tools::{self, ANCHOR, ToolError};
use crate::vault::VaultError;

/// The merchant, as `shelfproof-anchor register --json` prints it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Merchant {
    /// The chain's EIP-155 id.
    pub chain_id: u64,
    pub registry: Address,
    pub merchant_id: B256,
    /// Whether this call registered it.
    pub registered: bool,
}

/// Why the merchant cannot be registered.
#[derive(Debug, thiserror::Error)]
pub enum MerchantError {
    #[error(transparent)]
    Tool(#[from] ToolError),
    #[error(transparent)]
    Program(#[from] ChildError),
    /// The program is of another version.
    #[error("{ANCHOR}'s answer cannot be read: {0}. Both programs must come out of one build")]
    Answer(#[from] serde_json::Error),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Deploys the registry and registers the merchant with `data_uri`, unless that was done before. Both transactions are
/// signed by anvil's first account, so that the ids are the same again on a new chain.
///
/// # Errors
/// If the program fails; the error has its output.
pub fn register(machine: &Machine, data_uri: &str) -> Result<Merchant, MerchantError> {
    #[derive(Deserialize)]
    struct Deployed {
        registry: Address,
    }
    let keys = PublicKeys::read(&machine.folder().keys())?;
    let Deployed { registry } = ask(machine, &["deploy"])?;
    let (registry, vrf) = (registry.to_string(), keys.vrf.to_string());
    let (anchorer, signer) = (keys.anchorer.to_string(), keys.receipt_signer.to_string());
    let named = [
        ("--registry", registry.as_str()),
        ("--vrf-public-key", &vrf),
        ("--anchorer", &anchorer),
        ("--receipt-signer", &signer),
        ("--data-uri", data_uri),
    ];
    let arguments: Vec<&str> = ["register"]
        .into_iter()
        .chain(named.iter().flat_map(|(name, value)| [*name, *value]))
        .collect();
    ask(machine, &arguments)
}

fn ask<T: DeserializeOwned>(machine: &Machine, arguments: &[&str]) -> Result<T, MerchantError> {
    let mut command = Command::new(tools::anchor()?);
    command
        .args(arguments)
        .args(["--json", "--dev-account", "0", "--rpc", machine.rpc()])
        // The variable may name the configuration of a shop on another chain.
        .env_remove("SHELFPROOF_CONFIG");
    Ok(serde_json::from_str(&run(ANCHOR, command)?)?)
}

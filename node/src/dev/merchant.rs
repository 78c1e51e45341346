//! The shop's merchant on its own chain, registered by the program that alone holds such keys.

use std::process::Command;

use alloy_primitives::{Address, B256};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::child::{ChildError, run};
use super::machine::Machine;
use super::public_keys::PublicKeys;
use super::tools::{self, ANCHOR, ToolError};
use crate::vault::VaultError;

/// The merchant as the program tells of it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Merchant {
    /// The chain's EIP-155 id.
    pub chain_id: u64,
    /// The registry.
    pub registry: Address,
    /// The merchant in it.
    pub merchant_id: B256,
    /// Whether it was registered just now.
    pub registered: bool,
}

/// A merchant that cannot be registered.
#[derive(Debug, thiserror::Error)]
pub enum MerchantError {
    /// The program is not there.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The program failed.
    #[error(transparent)]
    Program(#[from] ChildError),
    /// The program said something else than was expected: it is of another version.
    #[error("{ANCHOR}'s answer cannot be read: {0}. Both programs must come out of one build")]
    Answer(#[from] serde_json::Error),
    /// The keys cannot be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Deploys the registry and registers the merchant, whose data is at `data_uri`, on the machine's chain, both as anvil's
/// first account and where they are not there yet. On a chain that begins anew they get the same addresses again.
///
/// # Errors
/// With the program's own words.
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
        .args(["--json", "--dev-account", "0", "--rpc", machine.rpc()]);
    Ok(serde_json::from_str(&run(ANCHOR, command)?)?)
}

//! The key that signs: from an encrypted file, or the published key of development chains.

use std::error::Error;
use std::path::{Path, PathBuf};

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{B256, b256};
use clap::Args;
use secrecy::SecretString;
use shelfproof_base::config::read_secret;
use shelfproof_base::keyfile::{self, Key};

/// Anvil's chain, the only one on which [`DEV_KEY`] may sign.
pub(super) const DEV_CHAIN_ID: u64 = 31337;

/// The first key of Foundry's published test mnemonic (`test test … junk`).
const DEV_KEY: B256 = b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");

#[derive(Debug, Args)]
#[group(required = true)]
pub(super) struct SignerArgs {
    /// The encrypted key file of the account that signs and pays
    #[arg(long, value_name = "FILE", requires = "passphrase_file")]
    pub(super) key_file: Option<PathBuf>,
    /// The file that holds the key file's passphrase
    #[arg(long, value_name = "FILE", requires = "key_file")]
    pub(super) passphrase_file: Option<PathBuf>,
    /// Anvil's first account, whose key everybody knows: on chain 31337 alone
    #[arg(long, value_name = "0", value_parser = clap::value_parser!(u8).range(0..=0), conflicts_with = "key_file")]
    pub(super) dev_account: Option<u8>,
}

pub(super) fn signer(args: &SignerArgs) -> Result<PrivateKeySigner, Box<dyn Error>> {
    let (Some(key_file), Some(passphrase_file)) = (&args.key_file, &args.passphrase_file) else {
        return Ok(PrivateKeySigner::from_bytes(&DEV_KEY)?);
    };
    let key = keyfile::open(key_file, name(key_file), &passphrase(passphrase_file)?)?;
    signer_of(key_file, &key)
}

/// The name that a key file was created with, which opens it.
pub(super) fn name(file: &Path) -> &str {
    file.file_stem().and_then(|name| name.to_str()).unwrap_or_default()
}

/// The account whose key an open file holds.
pub(super) fn signer_of(file: &Path, key: &Key) -> Result<PrivateKeySigner, Box<dyn Error>> {
    PrivateKeySigner::from_slice(&key.secret)
        .map_err(|_| format!("{} holds no key of an account: give one like owner.key", file.display()).into())
}

pub(super) fn passphrase(path: &Path) -> Result<SecretString, Box<dyn Error>> {
    read_secret(path).map_err(|error| format!("--passphrase-file {}: {error}", path.display()).into())
}

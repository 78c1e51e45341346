//! The key that signs: from an encrypted file, or the one that everybody knows.

use std::error::Error;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{B256, b256};
use secrecy::SecretString;
use shelfproof_anchor::keyfile;

use super::SignerArgs;

/// The one chain on which the key that everybody knows may sign: anvil's.
pub(super) const DEV_CHAIN_ID: u64 = 31337;

/// The first key of Foundry's published test mnemonic (`test test … junk`).
const DEV_KEY: B256 = b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");

/// The longest passphrase.
const PASSPHRASE_MAX_BYTES: u64 = 4_096;

pub(super) fn signer(args: &SignerArgs) -> Result<PrivateKeySigner, Box<dyn Error>> {
    let (Some(key_file), Some(passphrase_file)) = (&args.key_file, &args.passphrase_file) else {
        return Ok(PrivateKeySigner::from_bytes(&DEV_KEY)?);
    };
    // A key file opens under the name that it was made with.
    let name = key_file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let key = keyfile::open(key_file, name, &passphrase(passphrase_file)?)?;
    PrivateKeySigner::from_slice(&key.secret)
        .map_err(|_| format!("{} holds no key of an account: give owner.key", key_file.display()).into())
}

fn passphrase(path: &Path) -> Result<SecretString, Box<dyn Error>> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(PASSPHRASE_MAX_BYTES).read_to_string(&mut text));
    read.map_err(|error| format!("--passphrase-file {}: {error}", path.display()))?;
    Ok(SecretString::from(text.trim_end_matches(['\r', '\n'])))
}

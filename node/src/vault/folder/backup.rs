//! All keys in one file, under a passphrase of its own, to be kept elsewhere.

use std::path::Path;

use alloy_primitives::hex;
use secrecy::SecretString;
use shelfproof_base::keyfile::{self, Key};
use zeroize::Zeroizing;

use super::{ACTIVE_RECEIPT, Name, SECRET_BYTES, activate_receipt, active_receipt, make, names, open_key};
use crate::vault::VaultError;

/// The name of a backup as a key file.
const NAME: &str = "backup";

/// Writes every key of `folder` into the new file `backup`, which opens by `second`. Its secret is a line for each key,
/// its name and its hexadecimal secret, and a line with the active receipt key's number.
///
/// # Errors
/// Where a key does not open, the file is there already, or the disk refuses.
pub fn export(
    folder: &Path,
    passphrase: &SecretString,
    backup: &Path,
    second: &SecretString,
) -> Result<Vec<Name>, VaultError> {
    let names = names(folder)?;
    let mut secret = Zeroizing::new(Vec::with_capacity(keyfile::MAX_SECRET_BYTES));
    let mut line = |name: &str, value: &str| secret.extend(format_line(name, value).as_bytes());
    for name in &names {
        let key = open_key(folder, *name, passphrase)?;
        line(&name.to_string(), &Zeroizing::new(hex::encode(*key)));
    }
    line(ACTIVE_RECEIPT, &active_receipt(folder)?.to_string());
    keyfile::create(backup, NAME, &Key { public: None, secret }, second)?;
    Ok(names)
}

/// Makes `folder`, which must be empty, from a backup that opens by `second`, under `passphrase`. A crash leaves a folder
/// without `receipt.active`, which nothing opens: empty it and begin again.
///
/// # Errors
/// Where the backup does not open or is not whole, the folder is not empty, or the disk refuses.
pub fn restore(
    folder: &Path,
    passphrase: &SecretString,
    backup: &Path,
    second: &SecretString,
) -> Result<(), VaultError> {
    let opened = keyfile::open(backup, NAME, second)?;
    let broken = || VaultError::Backup(backup.to_owned());
    let (keys, active) = read(&opened.secret).ok_or_else(broken)?;
    let has = |name| keys.iter().any(|(other, _)| *other == name);
    let has_master = keys.iter().any(|(name, _)| matches!(name, Name::Master(_)));
    if !(has_master && has(Name::Vrf) && has(Name::Token) && has(Name::Receipt(active))) {
        return Err(broken());
    }
    make::prepare(folder)?;
    for (name, secret) in keys {
        make::write(folder, name, &secret, passphrase)?;
    }
    activate_receipt(folder, active)
}

fn format_line(name: &str, value: &str) -> Zeroizing<String> {
    Zeroizing::new([name, " ", value, "\n"].concat())
}

/// The keys, and the active receipt key's number.
#[expect(clippy::type_complexity, reason = "a list of names and secrets, used here alone")]
fn read(secret: &[u8]) -> Option<(Vec<(Name, Zeroizing<[u8; SECRET_BYTES]>)>, i32)> {
    let (mut keys, mut active) = (Vec::new(), None);
    for line in std::str::from_utf8(secret).ok()?.lines() {
        let (name, value) = line.split_once(' ')?;
        if name == ACTIVE_RECEIPT {
            active = Some(value.parse().ok()?);
        } else {
            let mut key = Zeroizing::new([0; SECRET_BYTES]);
            hex::decode_to_slice(value, key.as_mut()).ok()?;
            keys.push((Name::parse(name)?, key));
        }
    }
    Some((keys, active?))
}

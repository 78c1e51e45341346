//! Making keys: all of a new merchant's, or the next generation of one. Existing files are never written over.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use rand::Rng;
use secrecy::SecretString;
use shelfproof_base::keyfile::{self, Key, disk};
use zeroize::Zeroizing;

use super::{Name, SECRET_BYTES, activate_receipt, at, names, open_key};
use crate::vault::VaultError;

/// The keys of a new merchant. The first is made first: of two programs that begin at once, one is refused there.
const FIRST: [Name; 6] = [
    Name::Master(1),
    Name::Vrf,
    Name::Receipt(1),
    Name::Token,
    Name::Anchorer,
    Name::Owner,
];

/// Permissions of a new folder: its owner's alone.
const FOLDER_MODE: u32 = 0o700;

/// Makes all keys of a new merchant in `folder`, which may be there but must be empty. A crash leaves a folder without
/// `receipt.active`, which nothing opens: empty it and begin again.
///
/// # Errors
/// Where the folder is not empty, or the disk refuses.
pub fn init(folder: &Path, passphrase: &SecretString) -> Result<(), VaultError> {
    prepare(folder)?;
    for name in FIRST {
        write(folder, name, &random(name), passphrase)?;
    }
    activate_receipt(folder, 1)
}

/// Adds a master key of the next generation, which the nodes use from their next start on.
///
/// # Errors
/// Where the passphrase is not the folder's, or the disk refuses.
pub fn rotate_master(folder: &Path, passphrase: &SecretString) -> Result<Name, VaultError> {
    add_next(folder, passphrase, Name::Master, |name| match name {
        Name::Master(generation) => Some(generation),
        _ => None,
    })
}

/// Adds a receipt key, which nothing uses before [`use_receipt`].
///
/// # Errors
/// As [`rotate_master`].
pub fn rotate_receipt(folder: &Path, passphrase: &SecretString) -> Result<Name, VaultError> {
    add_next(folder, passphrase, Name::Receipt, |name| match name {
        Name::Receipt(number) => Some(number),
        _ => None,
    })
}

/// Makes `receipt-<number>` the key that signs receipts, from the nodes' next start on.
///
/// # Errors
/// Where there is no such key, it does not open, or the disk refuses.
pub fn use_receipt(folder: &Path, number: i32, passphrase: &SecretString) -> Result<(), VaultError> {
    open_key(folder, Name::Receipt(number), passphrase)?;
    activate_receipt(folder, number)
}

/// Takes the file of an old master key away. No batch may refer to it any more.
///
/// # Errors
/// Where the newest would go, or the disk refuses.
pub fn remove_master(folder: &Path, generation: i32) -> Result<(), VaultError> {
    let name = Name::Master(generation);
    let path = name.path(folder);
    if names(folder)?.iter().rfind(|name| matches!(name, Name::Master(_))) == Some(&name) {
        return Err(VaultError::NewestMaster(path));
    }
    disk::remove(&path).map_err(at(&path))
}

/// Makes `folder` if it is not there, and sees that nothing lies in it.
pub(super) fn prepare(folder: &Path) -> Result<(), VaultError> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)
        .map_err(at(folder))?;
    match fs::read_dir(folder).map_err(at(folder))?.next() {
        None => Ok(()),
        Some(_) => Err(VaultError::NotEmpty(folder.to_owned())),
    }
}

/// Writes one key's file.
pub(super) fn write(
    folder: &Path,
    name: Name,
    secret: &[u8; SECRET_BYTES],
    passphrase: &SecretString,
) -> Result<(), VaultError> {
    let path = name.path(folder);
    let key = Key {
        public: name.public(secret).map_err(|_| VaultError::NotThisKind(path.clone()))?,
        secret: Zeroizing::new(secret.to_vec()),
    };
    Ok(keyfile::create(&path, &name.to_string(), &key, passphrase)?)
}

/// Adds the next key of a numbered kind, under the passphrase that the newest one opens by: one folder, one passphrase.
fn add_next(
    folder: &Path,
    passphrase: &SecretString,
    kind: fn(i32) -> Name,
    number: fn(Name) -> Option<i32>,
) -> Result<Name, VaultError> {
    let newest = names(folder)?.into_iter().filter_map(number).max().unwrap_or_default();
    open_key(folder, kind(newest), passphrase)?;
    let next = kind(newest.saturating_add(1));
    write(folder, next, &random(next), passphrase)?;
    Ok(next)
}

/// A random secret of that kind. A secp256k1 key is drawn again where it is no number below the group's order.
fn random(name: Name) -> Zeroizing<[u8; SECRET_BYTES]> {
    let mut secret = Zeroizing::new([0; SECRET_BYTES]);
    loop {
        rand::rng().fill_bytes(secret.as_mut());
        if name.public(&secret).is_ok() {
            return secret;
        }
    }
}

//! The folder of key files: what lies in it, how it is read. [`make`] adds keys, [`backup`] takes them elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use alloy_primitives::Bytes;
use k256::ecdsa::SigningKey;
use secrecy::SecretString;
use shelfproof_base::keyfile::{self, KeyFileError, disk};
use shelfproof_verifier::vrf;
use zeroize::Zeroizing;

use super::VaultError;
use super::batch::Masters;
use super::token::TokenKey;

pub mod backup;
pub mod make;
mod name;

pub use name::Name;

/// Bytes of every secret in the folder.
pub const SECRET_BYTES: usize = 32;

/// The file that names the active receipt key by its number. It is made last: without it, a folder is not finished.
const ACTIVE_RECEIPT: &str = "receipt.active";

/// A key that lies in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name, which is its file's.
    pub name: Name,
    /// Its public part as its file shows it: an address (20 bytes), the VRF public key (32 bytes), or none.
    pub public: Option<Bytes>,
    /// Whether new work is done with it: the newest master key, the active receipt key, every key that is one of a kind.
    pub is_active: bool,
}

/// The keys that a node works with, open.
pub(super) struct Keys {
    pub(super) masters: Masters,
    pub(super) vrf: vrf::SecretKey,
    pub(super) receipt: SigningKey,
    pub(super) token: TokenKey,
}

/// Opens what a node works with: every master key, the VRF key, the active receipt key, the token key.
pub(super) fn open(folder: &Path, passphrase: &SecretString) -> Result<Keys, VaultError> {
    let mut masters = BTreeMap::new();
    for name in names(folder)? {
        if let Name::Master(generation) = name {
            masters.insert(generation, open_key(folder, name, passphrase)?);
        }
    }
    let receipt = Name::Receipt(active_receipt(folder)?);
    let not_this_kind = |name: Name| VaultError::NotThisKind(name.path(folder));
    Ok(Keys {
        masters: Masters::new(masters).ok_or_else(|| VaultError::NoMaster(folder.to_owned()))?,
        vrf: vrf::SecretKey::from_seed(&*open_key(folder, Name::Vrf, passphrase)?)
            .ok_or_else(|| not_this_kind(Name::Vrf))?,
        receipt: SigningKey::from_slice(&*open_key(folder, receipt, passphrase)?)
            .map_err(|_| not_this_kind(receipt))?,
        token: TokenKey::new(&*open_key(folder, Name::Token, passphrase)?),
    })
}

/// Every key in the folder, in the order of their names; no passphrase is needed.
///
/// # Errors
/// Where the folder or a file in it cannot be read, or is not as it was written.
pub fn list(folder: &Path) -> Result<Vec<Listed>, VaultError> {
    let names = names(folder)?;
    let newest = names.iter().rfind(|name| matches!(name, Name::Master(_))).copied();
    let active = Name::Receipt(active_receipt(folder)?);
    names
        .into_iter()
        .map(|name| {
            Ok(Listed {
                name,
                public: keyfile::public(&name.path(folder), &name.to_string())?,
                is_active: match name {
                    Name::Master(_) => Some(name) == newest,
                    Name::Receipt(_) => name == active,
                    Name::Vrf | Name::Token | Name::Anchorer | Name::Owner => true,
                },
            })
        })
        .collect()
}

/// The secret of one key, compared with the public part that its file shows.
fn open_key(folder: &Path, name: Name, passphrase: &SecretString) -> Result<Zeroizing<[u8; SECRET_BYTES]>, VaultError> {
    let path = name.path(folder);
    let key = keyfile::open(&path, &name.to_string(), passphrase)?;
    let secret = key.secret.as_slice().try_into().ok().map(Zeroizing::new);
    secret
        .filter(|secret| name.public(secret).is_ok_and(|public| public == key.public))
        .ok_or(VaultError::NotThisKind(path))
}

/// The names of the key files that lie in `folder`, in order; what is no key file is passed over.
fn names(folder: &Path) -> Result<Vec<Name>, VaultError> {
    let entries = fs::read_dir(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing(folder.to_owned()).into(),
        _ => at(folder)(error),
    })?;
    let mut names = Vec::new();
    for entry in entries {
        let file = entry.map_err(at(folder))?.file_name();
        names.extend(file.to_str().and_then(Name::of_file));
    }
    names.sort_unstable();
    Ok(names)
}

fn active_receipt(folder: &Path) -> Result<i32, VaultError> {
    let path = folder.join(ACTIVE_RECEIPT);
    let text = fs::read_to_string(&path).unwrap_or_default();
    text.trim_end().parse().map_err(|_| VaultError::ActiveReceipt(path))
}

fn activate_receipt(folder: &Path, number: i32) -> Result<(), VaultError> {
    let path = folder.join(ACTIVE_RECEIPT);
    disk::replace(&path, format!("{number}\n").as_bytes()).map_err(at(&path))
}

/// What the system says, with the file or folder that it says it of.
fn at(path: &Path) -> impl Fn(io::Error) -> VaultError {
    let path: PathBuf = path.to_owned();
    move |error| VaultError::Io {
        path: path.clone(),
        error,
    }
}

#[cfg(test)]
pub(super) mod tests;

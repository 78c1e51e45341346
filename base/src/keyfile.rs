//! Encrypted key files, format `shelfproof-key-v1`: one secret per file, encrypted under a passphrase, mode 0600.
//!
//! Argon2id derives a key from the passphrase; XChaCha20-Poly1305 encrypts the secret and authenticates the file's
//! format, name and public part. A file with another key's name or public part does not open, nor does one with any
//! byte changed.

use std::io;
use std::path::{Path, PathBuf};

use alloy_primitives::Bytes;
use rand::Rng;
use secrecy::SecretString;
use zeroize::Zeroizing;

pub mod disk;
mod encrypted;

use encrypted::Encrypted;

pub const MAX_SECRET_BYTES: usize = 64 * 1024;

/// The longest key file: hexadecimal doubles the secret.
const MAX_FILE_BYTES: u64 = 4 * MAX_SECRET_BYTES as u64;

/// The permissions of group and others.
const OTHERS: u32 = 0o077;

/// The content of a key file.
pub struct Key {
    /// The public part, if the key has one: an address, a public key.
    pub public: Option<Bytes>,
    pub secret: Zeroizing<Vec<u8>>,
}

/// 32 random bytes, for the secret of a new key.
#[must_use]
pub fn random_secret() -> Zeroizing<Vec<u8>> {
    let mut secret = Zeroizing::new(vec![0; 32]);
    rand::rng().fill_bytes(&mut secret);
    secret
}

/// Why a key file cannot be created or opened. No message contains a secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("{0} does not exist; make the keys, restore them from a backup, or name the folder that holds them")]
    Missing(PathBuf),
    #[error("{0} exists and is not overwritten; move it away first if it is really not needed")]
    Exists(PathBuf),
    /// The permissions let others than the owner read it.
    #[error(
        "{path} may be read by others (mode {mode:03o}); run `chmod 600` on it, and rotate the key if \
         someone could have read it"
    )]
    Exposed { path: PathBuf, mode: u32 },
    /// It is the file of another key.
    #[error("{path} holds another key than {wanted}; give each file back the name that it was made under")]
    WrongName { path: PathBuf, wanted: String },
    #[error("{path} is not a key file as it was written: {why}; restore it from a backup")]
    Malformed { path: PathBuf, why: &'static str },
    /// The passphrase is wrong, or the file was changed.
    #[error(
        "{0} does not open: the passphrase is another one, or the file was changed; try the passphrase again, then \
         restore the file"
    )]
    Refused(PathBuf),
    /// The secret is empty, or too long.
    #[error("the secret for {0} must have 1 to {MAX_SECRET_BYTES} bytes")]
    Secret(PathBuf),
    /// There is not enough memory for Argon2id.
    #[error("{0}: Argon2id could not run; it needs some 20 MiB of free memory")]
    Derive(PathBuf),
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: io::Error },
}

/// Creates the key file `path` for the key `name`, atomically: a crash leaves at most a temporary file beside it.
///
/// # Errors
/// If the file exists, the secret's length is out of bounds, or the disk fails.
pub fn create(path: &Path, name: &str, key: &Key, passphrase: &SecretString) -> Result<(), KeyFileError> {
    if key.secret.is_empty() || key.secret.len() > MAX_SECRET_BYTES {
        return Err(KeyFileError::Secret(path.to_owned()));
    }
    let encrypted = Encrypted::encrypt(name, key, passphrase).ok_or_else(|| KeyFileError::Derive(path.to_owned()))?;
    disk::create(path, encrypted.to_text().as_bytes()).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
        _ => at(path)(error),
    })
}

/// Opens the key file `path` of the key `name`. This takes some 40 ms of CPU and 19 MiB of memory.
///
/// # Errors
/// If the file is missing, readable by others, the file of another key or changed, or the passphrase is wrong.
pub fn open(path: &Path, name: &str, passphrase: &SecretString) -> Result<Key, KeyFileError> {
    let encrypted = read(path, name)?;
    let secret = encrypted
        .open(passphrase)
        .ok_or_else(|| KeyFileError::Refused(path.to_owned()))?;
    Ok(Key {
        public: encrypted.public,
        secret,
    })
}

/// Reads the public part without the passphrase. It is authenticated only by [`open`].
///
/// # Errors
/// As [`open`], without those of the passphrase.
pub fn public(path: &Path, name: &str) -> Result<Option<Bytes>, KeyFileError> {
    read(path, name).map(|encrypted| encrypted.public)
}

fn read(path: &Path, name: &str) -> Result<Encrypted, KeyFileError> {
    let text = disk::read_private(path, OTHERS, MAX_FILE_BYTES)?;
    let encrypted = Encrypted::parse(&text).map_err(|why| KeyFileError::Malformed {
        path: path.to_owned(),
        why,
    })?;
    if encrypted.name == name {
        Ok(encrypted)
    } else {
        Err(KeyFileError::WrongName {
            path: path.to_owned(),
            wanted: name.to_owned(),
        })
    }
}

/// Adds the path to an I/O error.
fn at(path: &Path) -> impl Fn(io::Error) -> KeyFileError {
    let path = path.to_owned();
    move |error| KeyFileError::Io {
        path: path.clone(),
        error,
    }
}

#[cfg(test)]
mod tests;

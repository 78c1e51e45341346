//! Encrypted key files, format `shelfproof-key-v1`: one secret a file, under a passphrase, readable by its owner alone.
//!
//! The passphrase becomes a key by Argon2id; the secret is sealed by XChaCha20-Poly1305, which also binds the file's
//! format, its name and its public part: a file renamed to another's place, or shown with another's address, does not open.
//! A file must stand byte for byte as it was written.

use std::io;
use std::path::{Path, PathBuf};

use alloy_primitives::Bytes;
use secrecy::SecretString;
use zeroize::Zeroizing;

pub mod disk;
mod sealed;

use sealed::Sealed;

/// The most bytes of a secret.
pub const MAX_SECRET_BYTES: usize = 64 * 1024;

/// The most bytes of a key file: hexadecimal doubles a secret.
const MAX_FILE_BYTES: u64 = 4 * MAX_SECRET_BYTES as u64;

/// Permissions of others than the owner.
const OTHERS: u32 = 0o077;

/// What a key file holds.
pub struct Key {
    /// The public part, where the key has one: an address, a public key.
    pub public: Option<Bytes>,
    /// The secret; wiped when dropped.
    pub secret: Zeroizing<Vec<u8>>,
}

/// Why a key file cannot be made or opened. Names the file, and never holds anything of a secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is no such file.
    #[error("{0} does not exist; make the keys, restore them from a backup, or name the folder that holds them")]
    Missing(PathBuf),
    /// A file of that name stands there already.
    #[error("{0} exists and is not overwritten; move it away first if it is really not needed")]
    Exists(PathBuf),
    /// Others than the owner may read it.
    #[error(
        "{path} may be read by others (mode {mode:03o}); run `chmod 600` on it, and rotate the key if someone could have read it"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is a key file, but of another key.
    #[error("{path} holds another key than {wanted}; give each file back the name that it was made under")]
    WrongName {
        /// The file.
        path: PathBuf,
        /// The name that was asked for.
        wanted: String,
    },
    /// It is not what this program writes.
    #[error("{path} is not a key file as it was written: {why}; restore it from a backup")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The rule that it breaks.
        why: &'static str,
    },
    /// The passphrase is another, or the file was changed.
    #[error(
        "{0} does not open: the passphrase is another one, or the file was changed; try the passphrase again, then restore the file"
    )]
    Refused(PathBuf),
    /// The secret is empty, or too long.
    #[error("the secret for {0} must have 1 to {MAX_SECRET_BYTES} bytes")]
    Secret(PathBuf),
    /// Memory for the passphrase's function is lacking.
    #[error("{0}: Argon2id could not run; it needs some 20 MiB of free memory")]
    Derive(PathBuf),
    /// The disk refuses.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

/// Makes the key file `path` of that name. It is whole or not there: a crash leaves at most a temporary file beside it.
///
/// # Errors
/// Where a file stands there already, the secret's length is out of bounds, or the disk refuses.
pub fn create(path: &Path, name: &str, key: &Key, passphrase: &SecretString) -> Result<(), KeyFileError> {
    if key.secret.is_empty() || key.secret.len() > MAX_SECRET_BYTES {
        return Err(KeyFileError::Secret(path.to_owned()));
    }
    let sealed = Sealed::seal(name, key, passphrase).ok_or_else(|| KeyFileError::Derive(path.to_owned()))?;
    disk::create(path, sealed.to_text().as_bytes()).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
        _ => at(path)(error),
    })
}

/// Opens the key file `path` of that name: some 40 ms of CPU and 19 MiB of memory.
///
/// # Errors
/// Where the file is missing, readable by others, of another name, not as it was written, or of another passphrase.
pub fn open(path: &Path, name: &str, passphrase: &SecretString) -> Result<Key, KeyFileError> {
    let sealed = read(path, name)?;
    let secret = sealed
        .open(passphrase)
        .ok_or_else(|| KeyFileError::Refused(path.to_owned()))?;
    Ok(Key {
        public: sealed.public,
        secret,
    })
}

/// The public part that the file `path` shows, without its passphrase: it is proved only when the file is opened.
///
/// # Errors
/// As [`open`], but for the passphrase.
pub fn public(path: &Path, name: &str) -> Result<Option<Bytes>, KeyFileError> {
    read(path, name).map(|sealed| sealed.public)
}

fn read(path: &Path, name: &str) -> Result<Sealed, KeyFileError> {
    let text = disk::read_private(path, OTHERS, MAX_FILE_BYTES)?;
    let sealed = Sealed::parse(&text).map_err(|why| KeyFileError::Malformed {
        path: path.to_owned(),
        why,
    })?;
    if sealed.name == name {
        Ok(sealed)
    } else {
        Err(KeyFileError::WrongName {
            path: path.to_owned(),
            wanted: name.to_owned(),
        })
    }
}

/// What the system says, with the file that it says it of.
fn at(path: &Path) -> impl Fn(io::Error) -> KeyFileError {
    let path = path.to_owned();
    move |error| KeyFileError::Io {
        path: path.clone(),
        error,
    }
}

#[cfg(test)]
mod tests;

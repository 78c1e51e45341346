//! Passphrases, from files or standard input: what stands among the arguments, every process on the machine can read.

use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use shelfproof_base::config::read_secret;

use super::Failure;

/// The fewest characters of a passphrase that keys are sealed under.
const MIN_CHARACTERS: usize = 12;

/// Reads a passphrase that opens something.
pub(super) fn read_passphrase(file: &Path) -> Result<SecretString, Failure> {
    read_secret(file).map_err(|error| format!("the passphrase in {}: {error}", file.display()).into())
}

/// Reads a passphrase that something is to be sealed under.
pub(super) fn new_passphrase(file: &Path) -> Result<SecretString, Failure> {
    let passphrase = read_passphrase(file)?;
    if passphrase.expose_secret().chars().count() < MIN_CHARACTERS {
        return Err(format!(
            "the passphrase in {} has fewer than {MIN_CHARACTERS} characters; take a longer one, such as five random words",
            file.display()
        )
        .into());
    }
    Ok(passphrase)
}

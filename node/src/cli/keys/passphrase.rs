//! Passphrases, from files or standard input: what stands among the arguments, every process on the machine can read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::Failure;

/// The fewest characters of a passphrase that keys are sealed under.
const MIN_CHARACTERS: usize = 12;

/// The most bytes of a passphrase file.
const MAX_BYTES: usize = 4096;

/// Reads a passphrase that opens something, without the line's end.
pub(super) fn read_passphrase(file: &Path) -> Result<SecretString, Failure> {
    let at = |error| format!("the passphrase in {}: {error}", file.display());
    let source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(file).map_err(at)?)
    };
    // The whole length at once: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES + 1));
    let length = source
        .take(MAX_BYTES as u64 + 1)
        .read_to_string(&mut text)
        .map_err(at)?;
    if length > MAX_BYTES {
        return Err(format!("the passphrase in {} has more than {MAX_BYTES} bytes", file.display()).into());
    }
    Ok(text.trim_end_matches(['\r', '\n']).into())
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

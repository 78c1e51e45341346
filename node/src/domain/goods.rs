//! What a key delivers: its code and what comes with it, in memory only.

use std::fmt;

use secrecy::SecretString;

/// What a key opens.
#[derive(Clone)]
pub struct Goods {
    pub code: SecretString,
    /// What is delivered with the code, such as a password; may be empty.
    pub beside: SecretString,
}

/// A batch's data key, encrypted by a master key, as the database keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// Nonce and ciphertext.
    pub wrapped: Vec<u8>,
    /// The generation of the master key that opens it.
    pub master: i32,
}

impl fmt::Debug for Goods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Goods([REDACTED])")
    }
}

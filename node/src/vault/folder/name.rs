//! The names of keys: what each is for, and what of it is public.

use std::fmt;
use std::path::{Path, PathBuf};

use alloy_primitives::Bytes;
use k256::ecdsa::{Error, SigningKey};
use shelfproof_verifier::vrf;

use super::SECRET_BYTES;
use crate::vault::receipt;

/// A key's name, which is its file's without `.key`. Generations count 1, 2, 3 ….
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// Wraps the batches' data keys; of that generation.
    Master(i32),
    /// Makes key ids; one for the merchant's lifetime.
    Vrf,
    /// Signs receipts; of that number.
    Receipt(i32),
    /// Derives order tokens.
    Token,
    /// Signs the transactions that anchor epochs.
    Anchorer,
    /// Owns the merchant in the registry.
    Owner,
}

impl Name {
    /// The key's file in `folder`.
    #[must_use]
    pub fn path(self, folder: &Path) -> PathBuf {
        folder.join(format!("{self}.key"))
    }

    /// The name that a key of that file has; `None` for any other file.
    #[must_use]
    pub fn of_file(file: &str) -> Option<Self> {
        file.strip_suffix(".key").and_then(Self::parse)
    }

    /// Reads a name as [`fmt::Display`] writes it, and in no other way.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = match text {
            "vrf" => Self::Vrf,
            "token" => Self::Token,
            "anchorer" => Self::Anchorer,
            "owner" => Self::Owner,
            _ => match text.split_once('-')? {
                ("master", number) => Self::Master(number.parse().ok()?),
                ("receipt", number) => Self::Receipt(number.parse().ok()?),
                _ => return None,
            },
        };
        (name.to_string() == text).then_some(name)
    }

    /// The public part of that secret, where keys of this kind have one; an error where it is no secret of this kind.
    pub(super) fn public(self, secret: &[u8; SECRET_BYTES]) -> Result<Option<Bytes>, Error> {
        match self {
            Self::Master(_) | Self::Token => Ok(None),
            Self::Vrf => {
                let key = vrf::SecretKey::from_seed(secret).ok_or_else(Error::new)?;
                Ok(Some(key.public_key().into()))
            }
            Self::Receipt(_) | Self::Anchorer | Self::Owner => {
                let key = SigningKey::from_slice(secret)?;
                Ok(Some(Bytes::copy_from_slice(receipt::address(&key).as_slice())))
            }
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Master(generation) => write!(f, "master-{generation}"),
            Self::Vrf => f.write_str("vrf"),
            Self::Receipt(number) => write!(f, "receipt-{number}"),
            Self::Token => f.write_str("token"),
            Self::Anchorer => f.write_str("anchorer"),
            Self::Owner => f.write_str("owner"),
        }
    }
}

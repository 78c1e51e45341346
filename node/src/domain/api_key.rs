//! API keys: what an account shows, and what is kept of it.

use std::fmt;

use alloy_primitives::hex;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::account::Role;
use super::id::{AccountId, ApiKeyId};

/// What every API key begins with, so that one that leaked is told from other strings.
pub const PREFIX: &str = "spk_";

/// Bytes of the secret part.
pub const SECRET_BYTES: usize = 32;

/// An API key, `spk_<id: 32 hex digits>_<secret: 64 hex digits>`. Neither its `Debug` nor the database holds the secret.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ApiKey {
    #[zeroize(skip)]
    id: ApiKeyId,
    secret: [u8; SECRET_BYTES],
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl ApiKey {
    /// The key of that id and that randomness.
    #[must_use]
    pub const fn new(id: ApiKeyId, secret: [u8; SECRET_BYTES]) -> Self {
        Self { id, secret }
    }

    /// Reads a token; `None` where it is not of the form above, byte by byte.
    #[must_use]
    pub fn parse(token: &str) -> Option<Self> {
        let (id, digits) = token.strip_prefix(PREFIX)?.split_once('_')?;
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        if id.len() != 32 || !is_lower_hex(id) || !is_lower_hex(digits) {
            return None;
        }
        hex::decode_to_slice(digits, &mut *secret).ok()?;
        Some(Self::new(ApiKeyId(Uuid::try_parse(id).ok()?), *secret))
    }

    /// Its id, which is no secret.
    #[must_use]
    pub const fn id(&self) -> ApiKeyId {
        self.id
    }

    /// The token that its holder shows.
    #[must_use]
    pub fn token(&self) -> SecretString {
        let secret = Zeroizing::new(hex::encode(self.secret));
        format!("{PREFIX}{}_{}", self.id.0.simple(), *secret).into()
    }

    /// SHA-256 of the secret part: all that is kept. The secret is 32 random bytes, so that a slow hash would add nothing.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret).into()
    }

    /// Whether `hash` is this key's, in a time that does not tell how nearly.
    #[must_use]
    pub fn is_of(&self, hash: &[u8; 32]) -> bool {
        self.hash().ct_eq(hash).into()
    }
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What a token is checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownKey {
    /// SHA-256 of the token's secret part.
    pub hash: [u8; 32],
    /// Whose it is.
    pub account: AccountId,
    /// What that account may do.
    pub role: Role,
}

/// A key as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The account's name.
    pub account: String,
    /// What that account may do.
    pub role: Role,
    /// When it was made, Unix milliseconds.
    pub created_at_ms: i64,
    /// Since when it opens nothing, Unix milliseconds.
    pub revoked_at_ms: Option<i64>,
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn key() -> ApiKey {
        ApiKey::new(ApiKeyId::new(1_790_000_000_000, [7; 10]), [0xab; SECRET_BYTES])
    }

    #[test]
    fn a_token_is_read_again() {
        let token = key().token();
        let token = token.expose_secret();
        assert_eq!(token.len(), PREFIX.len() + 32 + 1 + 64);
        let read = ApiKey::parse(token).unwrap();
        assert_eq!(read.id(), key().id());
        assert!(read.is_of(&key().hash()));
        assert!(!read.is_of(&[0; 32]));
    }

    #[test]
    fn what_is_not_of_the_form_is_no_key() {
        let token = key().token();
        let token = token.expose_secret();
        for wrong in [
            String::new(),
            token[1..].to_owned(),
            token.replace("spk_", "spo_"),
            token.to_uppercase(),
            format!("{token}0"),
            token[..token.len() - 1].to_owned(),
            token.replacen('_', "_{", 1),
            format!("{PREFIX}{}_{}", key().id(), "ab".repeat(32)),
            format!("{PREFIX}{}_0x{}", key().id().0.simple(), "ab".repeat(31)),
        ] {
            assert!(ApiKey::parse(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn debug_tells_no_secret() {
        assert!(!format!("{:?}", key()).contains("171"));
        assert!(!format!("{:?}", key()).contains("abab"));
    }
}

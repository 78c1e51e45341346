//! The content of a key file, and its encryption.

use alloy_primitives::{Bytes, FixedBytes};
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Key;

const FORMAT: &str = "shelfproof-key-v1";

/// The cost of a new file: the first of the settings that OWASP's Password Storage Cheat Sheet names for Argon2id (19
/// MiB, two passes, one lane). RFC 9106 §4 prefers 64 MiB and more. The lower cost suffices because a passphrase here
/// has at least twelve characters, and a node opens at least five files when it starts.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Files with a cost outside of these bounds are refused: lower costs do not protect, higher ones exhaust the machine.
const MEMORY_BOUND_KIB: std::ops::RangeInclusive<u32> = MEMORY_KIB..=1 << 20;
const PASSES_BOUND: std::ops::RangeInclusive<u32> = PASSES..=16;
const LANES_BOUND: std::ops::RangeInclusive<u32> = LANES..=8;

/// A key file. The fields are written in this order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Encrypted {
    format: String,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) public: Option<Bytes>,
    kdf: Kdf,
    nonce: FixedBytes<24>,
    ciphertext: Bytes,
}

/// The parameters of Argon2id, named as in RFC 9106; memory in KiB.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kdf {
    name: String,
    m: u32,
    t: u32,
    p: u32,
    salt: FixedBytes<16>,
}

const KDF: &str = "argon2id";

impl Encrypted {
    /// Returns `None` if there is not enough memory for Argon2id.
    pub(super) fn encrypt(name: &str, key: &Key, passphrase: &SecretString) -> Option<Self> {
        let mut encrypted = Self {
            format: FORMAT.to_owned(),
            name: name.to_owned(),
            public: key.public.clone(),
            kdf: Kdf {
                name: KDF.to_owned(),
                m: MEMORY_KIB,
                t: PASSES,
                p: LANES,
                salt: random(),
            },
            nonce: random(),
            ciphertext: Bytes::new(),
        };
        let (msg, aad) = (key.secret.as_slice(), &encrypted.associated()[..]);
        let ciphertext = encrypted
            .cipher(passphrase)?
            .encrypt(&encrypted.xnonce(), Payload { msg, aad });
        encrypted.ciphertext = ciphertext.ok()?.into();
        Some(encrypted)
    }

    /// Returns `None` if the passphrase is wrong or the file was changed.
    pub(super) fn open(&self, passphrase: &SecretString) -> Option<Zeroizing<Vec<u8>>> {
        let (msg, aad) = (&self.ciphertext[..], &self.associated()[..]);
        let secret = self.cipher(passphrase)?.decrypt(&self.xnonce(), Payload { msg, aad });
        secret.ok().map(Zeroizing::new)
    }

    /// Parses a file; the error is the rule that it breaks.
    pub(super) fn parse(text: &[u8]) -> Result<Self, &'static str> {
        let encrypted: Self = serde_json::from_slice(text).map_err(|_| "it is not of the form shelfproof-key-v1")?;
        if encrypted.format != FORMAT || encrypted.kdf.name != KDF {
            return Err("its format is another than shelfproof-key-v1 with argon2id");
        }
        let Kdf { m, t, p, .. } = encrypted.kdf;
        if !(MEMORY_BOUND_KIB.contains(&m) && PASSES_BOUND.contains(&t) && LANES_BOUND.contains(&p)) {
            return Err("kdf asks for m, t or p beyond 19456…1048576, 2…16 and 1…8");
        }
        // Only the exact text that `to_text` writes is accepted.
        if encrypted.to_text().as_bytes() != text {
            return Err("spaces, letters or fields were changed");
        }
        Ok(encrypted)
    }

    pub(super) fn to_text(&self) -> String {
        // Strings, numbers and bytes always have a JSON form.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The associated data of the encryption. The parameters of Argon2id need not be part of it, because other
    /// parameters derive another key.
    fn associated(&self) -> Vec<u8> {
        let public = self.public.as_ref().map(|public| &public[..]);
        let mut bytes = Vec::new();
        for (is_there, part) in [
            (true, self.format.as_bytes()),
            (true, self.name.as_bytes()),
            (public.is_some(), public.unwrap_or_default()),
        ] {
            bytes.push(u8::from(is_there));
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part);
        }
        bytes
    }

    fn cipher(&self, passphrase: &SecretString) -> Option<XChaCha20Poly1305> {
        let mut key = Zeroizing::new([0; 32]);
        let params = Params::new(self.kdf.m, self.kdf.t, self.kdf.p, Some(key.len())).ok()?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(
                passphrase.expose_secret().as_bytes(),
                self.kdf.salt.as_slice(),
                key.as_mut(),
            )
            .ok()?;
        XChaCha20Poly1305::new_from_slice(key.as_slice()).ok()
    }

    fn xnonce(&self) -> XNonce {
        XNonce::from(self.nonce.0)
    }
}

fn random<const N: usize>() -> FixedBytes<N> {
    let mut bytes = FixedBytes::ZERO;
    rand::rng().fill_bytes(bytes.as_mut_slice());
    bytes
}

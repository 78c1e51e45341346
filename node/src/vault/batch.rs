//! Goods at rest: encrypted under a data key for each batch, which a master key wraps. XChaCha20-Poly1305 throughout, with
//! random nonces: 24 bytes are enough that none repeats.

use std::collections::BTreeMap;
use std::fmt;

use alloy_primitives::B256;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::VaultError;
use crate::domain::goods::{Goods, WrappedKey};
use crate::domain::id::BatchId;

const WRAP_DOMAIN: &[u8] = b"shelfproof-batch-key-v1";
const GOODS_DOMAIN: &[u8] = b"shelfproof-goods-v1";

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// Bytes before a code that tell its length.
const LENGTH_BYTES: usize = size_of::<u32>();

/// The key that one batch's goods are encrypted under.
pub struct DataKey(Zeroizing<[u8; KEY_BYTES]>);

impl DataKey {
    pub(super) fn random() -> Self {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        rand::rng().fill_bytes(key.as_mut());
        Self(key)
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> [u8; KEY_BYTES] {
        *self.0
    }

    /// Encrypts the goods of the key `key_id` of `batch`.
    ///
    /// # Panics
    /// Where the code has 4 GiB or more: nothing near it gets through an import.
    #[must_use]
    pub fn encrypt(&self, key_id: &B256, batch: BatchId, goods: &Goods) -> Vec<u8> {
        let (code, extra) = (goods.code.expose_secret(), goods.extra.expose_secret());
        let length = u32::try_from(code.len()).expect("a code has less than 4 GiB");
        // The whole length at once: a buffer that grows leaves copies behind.
        let mut framed = Zeroizing::new(Vec::with_capacity(LENGTH_BYTES + code.len() + extra.len()));
        framed.extend(length.to_be_bytes());
        framed.extend(code.as_bytes());
        framed.extend(extra.as_bytes());
        encrypt(&cipher(&self.0), &framed, &goods_context(key_id, batch))
    }

    /// Decrypts the goods of the key `key_id` of `batch`.
    ///
    /// # Errors
    /// Where they were encrypted for another key or batch, or were changed.
    pub fn open(&self, key_id: &B256, batch: BatchId, sealed: &[u8]) -> Result<Goods, VaultError> {
        open(&cipher(&self.0), sealed, &goods_context(key_id, batch))
            .and_then(|framed| unframe(&framed))
            .ok_or(VaultError::Goods(batch))
    }
}

/// The open master keys, by generation; never empty.
pub(super) struct Masters {
    newest: (i32, XChaCha20Poly1305),
    older: BTreeMap<i32, XChaCha20Poly1305>,
}

impl Masters {
    /// `None` of none.
    pub(super) fn new(keys: BTreeMap<i32, Zeroizing<[u8; KEY_BYTES]>>) -> Option<Self> {
        let mut older: BTreeMap<_, _> = keys
            .into_iter()
            .map(|(master_generation, key)| (master_generation, cipher(&key)))
            .collect();
        older.pop_last().map(|newest| Self { newest, older })
    }

    pub(super) fn newest(&self) -> i32 {
        self.newest.0
    }

    pub(super) fn wrap(&self, batch: BatchId, key: &DataKey) -> WrappedKey {
        let (master_generation, cipher) = &self.newest;
        WrappedKey {
            wrapped: encrypt(cipher, key.0.as_ref(), &wrap_context(batch, *master_generation)),
            master_generation: *master_generation,
        }
    }

    pub(super) fn open(&self, batch: BatchId, wrapped: &WrappedKey) -> Result<DataKey, VaultError> {
        let master_generation = wrapped.master_generation;
        let cipher = match &self.newest {
            (newest, cipher) if *newest == master_generation => cipher,
            _ => self.older.get(&master_generation).ok_or(VaultError::UnknownMaster {
                batch,
                master_generation,
            })?,
        };
        open(cipher, &wrapped.wrapped, &wrap_context(batch, master_generation))
            .and_then(|key| key.as_slice().try_into().ok())
            .map(|key| DataKey(Zeroizing::new(key)))
            .ok_or(VaultError::DataKey {
                batch,
                master_generation,
            })
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey([REDACTED])")
    }
}

fn cipher(key: &[u8; KEY_BYTES]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

fn goods_context(key_id: &B256, batch: BatchId) -> Vec<u8> {
    [GOODS_DOMAIN, key_id.as_slice(), batch.0.as_bytes()].concat()
}

fn wrap_context(batch: BatchId, master_generation: i32) -> Vec<u8> {
    [WRAP_DOMAIN, batch.0.as_bytes(), &master_generation.to_be_bytes()].concat()
}

/// The code's length, the code, and what is delivered with it, taken apart again.
fn unframe(framed: &[u8]) -> Option<Goods> {
    let (length, rest) = framed.split_first_chunk::<LENGTH_BYTES>()?;
    let (code, extra) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let text = |bytes| std::str::from_utf8(bytes).ok().map(SecretString::from);
    Some(Goods {
        code: text(code)?,
        extra: text(extra)?,
    })
}

/// `nonce(24) ‖ ciphertext ‖ tag(16)`.
fn encrypt(cipher: &XChaCha20Poly1305, msg: &[u8], aad: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE_BYTES];
    rand::rng().fill_bytes(&mut nonce);
    let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg, aad });
    // The cipher refuses only what is longer than 256 GiB.
    let sealed = sealed.expect("the text has less than 256 GiB");
    [&nonce[..], &sealed].concat()
}

fn open(cipher: &XChaCha20Poly1305, sealed: &[u8], aad: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, msg) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let opened = cipher.decrypt(&XNonce::from(*nonce), Payload { msg, aad });
    opened.ok().map(Zeroizing::new)
}

//! What this node keeps secret, and what it does with it: goods at rest, key ids, receipts, order tokens.
//!
//! The keys lie in a folder of encrypted files ([`folder`]); nothing in here writes one of them, or a code, anywhere.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use alloy_primitives::{Address, B256};
use k256::ecdsa::SigningKey;
use secrecy::SecretString;
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::{Code, Refusal, code, vrf};

mod batch;
mod cache;
mod error;
pub mod folder;
mod receipt;
mod token;

pub use batch::DataKey;
pub use error::VaultError;
pub use receipt::Signed;

use batch::Masters;
use cache::Cache;
use token::TokenKey;

use crate::domain::contact::Contact;
use crate::domain::delivery::{Item, SoldItem};
use crate::domain::goods::WrappedKey;
use crate::domain::id::{BatchId, ProductId};
use crate::domain::order_token::OrderToken;

/// What hashes of guests begin with, each kind apart.
const GUEST: &[u8] = b"shelfproof-guest-v1";
const CLIENT: &[u8] = b"shelfproof-client-address-v1";
const LOOKUP: &[u8] = b"shelfproof-guest-look-up-v1";

/// The open keys of one merchant. Dropped, they are wiped from memory.
pub struct Vault {
    identity: Identity,
    masters: Masters,
    data_keys: Cache,
    vrf: vrf::SecretKey,
    receipt: SigningKey,
    token: TokenKey,
}

impl Vault {
    /// Opens the keys in `folder`: some 40 ms for each file.
    ///
    /// # Errors
    /// Where a file is missing, exposed to others, changed, or does not open by this passphrase.
    pub fn open(folder: &Path, passphrase: &SecretString, identity: Identity) -> Result<Self, VaultError> {
        let keys = folder::open(folder, passphrase)?;
        Ok(Self {
            identity,
            masters: keys.masters,
            data_keys: Cache::default(),
            vrf: keys.vrf,
            receipt: keys.receipt,
            token: keys.token,
        })
    }

    /// Whom this vault signs for.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The VRF public key, as the registry must hold it.
    #[must_use]
    pub fn vrf_public_key(&self) -> B256 {
        self.vrf.public_key()
    }

    /// The address that signs receipts; the registry must know it.
    #[must_use]
    pub fn receipt_signer(&self) -> Address {
        receipt::address(&self.receipt)
    }

    /// A code's key id and its proof: about 100 µs of CPU.
    ///
    /// # Errors
    /// `code_unusual`, where the protocol cannot name this code.
    pub fn key_id(&self, code: &str) -> Result<(B256, vrf::Proof), Refusal> {
        let alpha = code::alpha(code)?;
        // No code is known for which the function has no value; one would be refused like any other that has no name.
        self.vrf
            .prove(&alpha)
            .ok_or_else(|| Refusal::new(Code::CodeUnusual, "the VRF has no value for this code"))
    }

    /// A new data key for `batch`, and the same wrapped by the newest master key, to be stored.
    #[must_use]
    pub fn data_key_new(&self, batch: BatchId) -> (DataKey, WrappedKey) {
        let key = DataKey::random();
        let wrapped = self.masters.wrap(batch, &key);
        (key, wrapped)
    }

    /// The data key of `batch`. Those used lately are kept open.
    ///
    /// # Errors
    /// Where the master key of its generation is not in the folder, or does not open it.
    pub fn data_key_open(&self, batch: BatchId, wrapped: &WrappedKey) -> Result<Arc<DataKey>, VaultError> {
        self.data_keys
            .get_or(batch, wrapped, || self.masters.open(batch, wrapped))
    }

    /// A delivered item with its goods decrypted, of that line and product.
    ///
    /// # Errors
    /// As [`Self::data_key_open`], or where the goods are not this key's.
    pub fn open_item(&self, sold: &SoldItem, line: i16, product: ProductId) -> Result<Item, VaultError> {
        let data_key = self.data_key_open(sold.batch, &sold.wrapped)?;
        Ok(Item {
            item: sold.item,
            line,
            product,
            goods: data_key.open(&sold.head.key_id, sold.batch, &sold.sealed)?,
            receipt: sold.receipt(&self.identity),
        })
    }

    /// The newest master key's generation, which wraps every new data key.
    #[must_use]
    pub fn master_generation(&self) -> i32 {
        self.masters.newest()
    }

    /// The data key of `batch`, wrapped anew by the newest master key.
    ///
    /// # Errors
    /// As [`Self::data_key_open`].
    pub fn data_key_rewrap(&self, batch: BatchId, wrapped: &WrappedKey) -> Result<WrappedKey, VaultError> {
        let key = self.masters.open(batch, wrapped)?;
        Ok(self.masters.wrap(batch, &key))
    }

    /// Receipts for a burst of sales, by the promises' hashes
    /// ([`sale_promise`](crate::domain::delivery::sale_promise)): one signature over the tree of all of them, promising
    /// that the sales are anchored by `anchor_by_s` (Unix seconds). `None` of none, or of more than 2²⁰.
    #[must_use]
    pub fn sign_receipts(&self, promises: &[B256], anchor_by_s: u64) -> Option<Signed> {
        receipt::sign(&self.receipt, &self.identity, promises, anchor_by_s)
    }

    /// The text of that token: `spo_<order>_<generation>_<mac>`. It is always the same.
    #[must_use]
    pub fn order_token(&self, token: OrderToken) -> SecretString {
        self.token.text(token).into()
    }

    /// Which token that text is, if this vault made it; compared in constant time. Whether it was revoked is not looked
    /// at.
    #[must_use]
    pub fn order_token_check(&self, token: &str) -> Option<OrderToken> {
        self.token.check(token)
    }
}

/// What is known of guests. Without the keys of this vault, nobody can try out which contact, address or password a hash is
/// of.
impl Vault {
    /// The guest that gives this contact.
    #[must_use]
    pub fn guest(&self, contact: &Contact) -> B256 {
        self.token.hash(GUEST, &[contact.as_str().as_bytes()])
    }

    /// The address that a request came from. Of an IPv6 address it is the network of 48 bits, which one client can have whole.
    #[must_use]
    pub fn client_address(&self, address: IpAddr) -> B256 {
        match address {
            IpAddr::V4(address) => self.token.hash(CLIENT, &[&address.octets()]),
            IpAddr::V6(address) => self.token.hash(CLIENT, &[&address.octets()[..6]]),
        }
    }

    /// What a contact and a look-up password open together.
    #[must_use]
    pub fn guest_lookup(&self, contact: &Contact, password: &str) -> B256 {
        let parts: [&[u8]; 2] = [contact.as_str().as_bytes(), password.as_bytes()];
        self.token.hash(LOOKUP, &parts)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("identity", &self.identity)
            .field("master", &self.masters.newest())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

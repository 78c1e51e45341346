//! Receipts: one signature over the promises of a burst of sales, in the verifier's formats.

use alloy_primitives::{Address, B256};
use k256::ecdsa::SigningKey;
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::tree::{EventsTree, MAX_PATH};
use shelfproof_verifier::vocabulary::typed_data::{SIGNATURE_BYTES, receipt_digest};

/// What receipts add to the promises of a burst of sales.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The root of the tree of the promises' hashes, which was signed.
    pub root: B256,
    /// The receipt key's signature: r, s, v.
    pub signature: [u8; SIGNATURE_BYTES],
    /// From each promise's hash to the root, in the order of the promises; empty for a lone one.
    pub paths: Vec<Vec<B256>>,
}

/// A signing key's Ethereum address.
pub(super) fn address(key: &SigningKey) -> Address {
    Address::from_public_key(key.verifying_key())
}

/// One signature for the promises of these hashes.
pub(super) fn sign(key: &SigningKey, identity: &Identity, promises: &[B256], anchor_by_s: u64) -> Option<Signed> {
    if promises.len() > 1 << MAX_PATH {
        return None;
    }
    let tree = EventsTree::of_leaves(promises.to_vec(), 1)?;
    let root = tree.root();
    Some(Signed {
        root,
        signature: sign_digest(key, &receipt_digest(identity, &root, anchor_by_s))?,
        paths: promises
            .iter()
            .map(|promise| tree.path(promise))
            .collect::<Option<_>>()?,
    })
}

/// Low `s`, as the library signs for this curve, and `v` 27 or 28.
fn sign_digest(key: &SigningKey, digest: &B256) -> Option<[u8; SIGNATURE_BYTES]> {
    let (signature, recovery) = key.sign_prehash_recoverable(digest.as_slice()).ok()?;
    let mut bytes = [27 + recovery.to_byte(); SIGNATURE_BYTES];
    bytes[..64].copy_from_slice(&signature.to_bytes());
    Some(bytes)
}

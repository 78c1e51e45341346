//! Receipts: one signature over the events of a burst of sales, in the verifier's formats.

use alloy_primitives::{Address, B256};
use k256::ecdsa::SigningKey;
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::event::KeyEvent;
use shelfproof_verifier::tree::{EventsTree, MAX_PATH};
use shelfproof_verifier::vocabulary::typed_data::{SIGNATURE_BYTES, receipt_digest};

/// What an event's receipt adds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// From the event to the root that was signed; empty for a lone event.
    pub path: Vec<B256>,
    /// The receipt key's signature: r, s, v.
    pub signature: [u8; SIGNATURE_BYTES],
}

/// A signing key's Ethereum address.
pub(super) fn address(key: &SigningKey) -> Address {
    Address::from_public_key(key.verifying_key())
}

/// Each event's path and the one signature, in the order of `events`.
pub(super) fn sign(
    key: &SigningKey,
    identity: &Identity,
    events: &[KeyEvent],
    anchor_by_s: u64,
) -> Option<Vec<Signed>> {
    if events.len() > 1 << MAX_PATH {
        return None;
    }
    let leaves: Vec<B256> = events.iter().map(KeyEvent::hash).collect();
    let tree = EventsTree::of_leaves(leaves.clone(), 1)?;
    let signature = sign_digest(key, &receipt_digest(identity, &tree.root(), anchor_by_s))?;
    leaves
        .iter()
        .map(|leaf| {
            Some(Signed {
                path: tree.path(leaf)?,
                signature,
            })
        })
        .collect()
}

/// Low `s`, as the library signs for this curve, and `v` 27 or 28.
fn sign_digest(key: &SigningKey, digest: &B256) -> Option<[u8; SIGNATURE_BYTES]> {
    let (signature, recovery) = key.sign_prehash_recoverable(digest.as_slice()).ok()?;
    let mut bytes = [27 + recovery.to_byte(); SIGNATURE_BYTES];
    bytes[..64].copy_from_slice(&signature.to_bytes());
    Some(bytes)
}

//! Protocol §3: the history map's trie. It maps every key id that ever had an event to (version, head), under one root.
//!
//! A node is 32 bytes. Zero is an empty subtree; of other nodes, the top bit is set in a leaf and cleared in an inner
//! node. A path from the root along a key's bits therefore ends in exactly one terminal: two proofs with different
//! terminals would be a SHA-256 collision.

use alloy_primitives::B256;
use sha2::{Digest, Sha256};

use crate::event::{Kind, RawEvent};

mod json;

/// The most siblings of a proof: one for each bit of a key.
pub const MAX_SIBLINGS: usize = 256;

/// The node of a subtree without leaves.
pub const EMPTY: B256 = B256::ZERO;

/// A key's last event, with what an audit needs to check the next one. Only `version` and `hash` are in the trie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The event's version.
    pub version: u32,
    /// The event's hash.
    pub hash: B256,
    /// What happened.
    pub kind: Kind,
    /// The event's time, Unix milliseconds.
    pub at_ms: u64,
    /// The epoch that holds the event.
    pub epoch: u64,
}

impl Head {
    /// [`value_hash`] of this head.
    #[must_use]
    pub fn value_hash(&self) -> B256 {
        value_hash(self.version, &self.hash)
    }
}

/// A key's newest event before an epoch, as far as the next one is checked against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// The event's version.
    pub version: u32,
    /// The event's hash.
    pub hash: B256,
    /// The kind's number, which the protocol need not have: a light audit may start after an epoch that breaks it.
    pub kind: u8,
    /// The event's time, Unix milliseconds.
    pub at_ms: u64,
}

impl Before {
    /// [`value_hash`] of this event.
    #[must_use]
    pub fn value_hash(&self) -> B256 {
        value_hash(self.version, &self.hash)
    }
}

impl From<Head> for Before {
    fn from(head: Head) -> Self {
        Self {
            version: head.version,
            hash: head.hash,
            kind: head.kind as u8,
            at_ms: head.at_ms,
        }
    }
}

impl From<&RawEvent> for Before {
    fn from(event: &RawEvent) -> Self {
        Self {
            version: event.version,
            hash: event.hash(),
            kind: event.kind,
            at_ms: event.at_ms,
        }
    }
}

/// What a leaf commits to: `SHA-256(version ‖ head)`, the version as four big-endian bytes.
#[must_use]
pub fn value_hash(version: u32, head: &B256) -> B256 {
    sha256(&version.to_be_bytes(), head.as_slice())
}

/// A leaf's node: `SHA-256(key ‖ value hash)` with the top bit set.
#[must_use]
pub fn leaf(key: &B256, value_hash: &B256) -> B256 {
    let mut node = sha256(key.as_slice(), value_hash.as_slice());
    node[0] |= 0x80;
    node
}

/// The node above two subtrees: empty above two empty ones, the leaf above a leaf and an empty one, otherwise
/// [`inner`]. The two nodes are all that it depends on, so a trie can be cut into parts and joined anywhere.
#[must_use]
pub fn join(left: &B256, right: &B256) -> B256 {
    match (left, right) {
        (&EMPTY, only) | (only, &EMPTY) if !is_inner(only) => *only,
        _ => inner(left, right),
    }
}

/// `SHA-256(left ‖ right)` with the top bit cleared.
pub(crate) fn inner(left: &B256, right: &B256) -> B256 {
    let mut node = sha256(left.as_slice(), right.as_slice());
    node[0] &= 0x7f;
    node
}

/// Whether the node is a leaf.
#[must_use]
pub fn is_leaf(node: &B256) -> bool {
    node[0] & 0x80 != 0
}

/// Whether the node has at least two leaves below.
#[must_use]
pub fn is_inner(node: &B256) -> bool {
    !is_leaf(node) && *node != EMPTY
}

fn sha256(first: &[u8], second: &[u8]) -> B256 {
    B256::new(Sha256::new().chain_update(first).chain_update(second).finalize().into())
}

/// A leaf at which a key's path ends: the key's own, or another key's that shares the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// The leaf's own key.
    pub key: B256,
    /// [`value_hash`] of what it holds.
    pub value_hash: B256,
}

/// A key and its [`value_hash`], from which a trie is built.
pub type Entry = (B256, B256);

/// A proof of a key's presence or absence: the terminal of its path, and the siblings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The leaf at the end of the path; `None` if it ends in an empty subtree.
    pub terminal: Option<Terminal>,
    /// The node on the other side of each step, from the root down; at most [`MAX_SIBLINGS`].
    pub siblings: Vec<B256>,
}

/// What a valid proof says about its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proven {
    /// The key is in the map.
    Present {
        /// [`value_hash`] of its version and head.
        value_hash: B256,
    },
    /// The key never had an event.
    Absent,
}

/// What `proof` says about `key` under `root`; `None` if it does not lead to `root`, or has an end that no trie has.
///
/// Each step is hashed; unlike in [`join`], a lone leaf is not folded upwards. With folding, an empty terminal beside
/// the key's own leaf would lead to that leaf and prove a present key absent.
#[must_use]
pub fn climb(key: &B256, proof: &Proof, root: &B256) -> Option<Proven> {
    let depth = proof.siblings.len();
    if depth > MAX_SIBLINGS || !ends_well(proof) {
        return None;
    }
    let end = match &proof.terminal {
        Some(terminal) if shared_bits(&terminal.key, key) < depth => return None,
        Some(terminal) => leaf(&terminal.key, &terminal.value_hash),
        None => EMPTY,
    };
    let mut node = end;
    for (at, sibling) in proof.siblings.iter().enumerate().rev() {
        node = if bit(key, at) {
            inner(sibling, &node)
        } else {
            inner(&node, sibling)
        };
    }
    if node != *root {
        return None;
    }
    Some(match &proof.terminal {
        Some(terminal) if terminal.key == *key => Proven::Present {
            value_hash: terminal.value_hash,
        },
        _ => Proven::Absent,
    })
}

/// Whether a trie can have this terminal beside this last sibling. A subtree with one leaf is that leaf, so an inner
/// node always has two leaves below it: the sibling of a leaf is never empty, the sibling of an empty terminal is an
/// inner node, and at the last bit both are leaves.
fn ends_well(proof: &Proof) -> bool {
    match (&proof.terminal, proof.siblings.last()) {
        (_, None) => true,
        (Some(_), Some(last)) if proof.siblings.len() == MAX_SIBLINGS => is_leaf(last),
        (Some(_), Some(last)) => *last != EMPTY,
        (None, Some(last)) => is_inner(last) && proof.siblings.len() < MAX_SIBLINGS,
    }
}

/// Bit `at` of a key, the most significant first; false beyond the last.
#[must_use]
pub fn bit(key: &B256, at: usize) -> bool {
    key.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1)
}

/// The number of leading bits that two keys share.
#[must_use]
pub fn shared_bits(one: &B256, other: &B256) -> usize {
    let differing = one.iter().zip(other.iter()).position(|(a, b)| a != b);
    differing.map_or(MAX_SIBLINGS, |at| {
        at * 8 + (one[at] ^ other[at]).leading_zeros() as usize
    })
}

/// The root of the trie over `leaves`, which must be in strictly ascending order of keys.
#[must_use]
pub fn root_of(leaves: &[Entry]) -> B256 {
    subtree_root(leaves, 0)
}

/// The proof for `key` in the trie over `leaves`, which must be in strictly ascending order of keys.
#[must_use]
pub fn prove_from(leaves: &[Entry], key: &B256) -> Proof {
    subtree_proof(leaves, 0, key)
}

/// The node at `depth` above `leaves`, which share their first `depth` bits and are in strictly ascending order.
/// Recurses once for each bit.
pub(crate) fn subtree_root(leaves: &[Entry], depth: usize) -> B256 {
    match leaves {
        [] => EMPTY,
        [(key, value_hash), ..] if leaves.len() == 1 || depth >= MAX_SIBLINGS => leaf(key, value_hash),
        _ => {
            let (left, right) = split(leaves, depth);
            inner(&subtree_root(left, depth + 1), &subtree_root(right, depth + 1))
        }
    }
}

/// The part of the proof for `key` below the node at `depth`; `leaves` share their first `depth` bits with the key.
pub(crate) fn subtree_proof(leaves: &[Entry], depth: usize, key: &B256) -> Proof {
    let (mut rest, mut siblings) = (leaves, Vec::new());
    for at in depth..MAX_SIBLINGS {
        if rest.len() < 2 {
            break;
        }
        let (left, right) = split(rest, at);
        let (mine, other) = if bit(key, at) { (right, left) } else { (left, right) };
        siblings.push(subtree_root(other, at + 1));
        rest = mine;
    }
    let terminal = rest.first().map(|&(key, value_hash)| Terminal { key, value_hash });
    Proof { terminal, siblings }
}

/// The leaves whose bit `depth` is clear, and those with it set.
pub(crate) fn split(leaves: &[Entry], depth: usize) -> (&[Entry], &[Entry]) {
    leaves.split_at(leaves.partition_point(|(key, _)| !bit(key, depth)))
}

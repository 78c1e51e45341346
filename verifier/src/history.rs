//! Protocol §3: the history map's trie. Every key id that ever had an event leads to (version, head), under one root.
//!
//! A node is 32 bytes and its top bit tells what it is: zero is an empty subtree, a set top bit a leaf, a cleared one
//! an inner node. Walking down from a root along a key's bits therefore ends in exactly one terminal, and whoever
//! could show two would have a SHA-256 collision.

use alloy_primitives::B256;
use sha2::{Digest, Sha256};

use crate::event::Kind;

/// The most siblings that a proof may carry: one for each bit of a key.
pub const MAX_SIBLINGS: usize = 256;

/// A subtree without leaves.
pub const EMPTY: B256 = B256::ZERO;

/// A key's last event, as an auditor needs it to judge the next. Only `version` and `hash` enter the trie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The event's version.
    pub version: u32,
    /// The event's hash.
    pub hash: B256,
    /// What happened.
    pub kind: Kind,
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// The epoch that holds the event.
    pub epoch: u64,
}

impl Head {
    /// What the trie's leaf commits to.
    #[must_use]
    pub fn value_hash(&self) -> B256 {
        value_hash(self.version, &self.hash)
    }
}

/// `SHA-256(version ‖ head)`, the version as four big-endian bytes.
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

/// The node above two subtrees: empty above two empty ones, the leaf above a leaf and an empty one, else
/// [`inner`]. It needs to know nothing else of them, so a trie may be cut and joined anywhere.
#[must_use]
pub fn join(left: &B256, right: &B256) -> B256 {
    match (left, right) {
        (&EMPTY, only) | (only, &EMPTY) if !is_inner(only) => *only,
        _ => inner(left, right),
    }
}

/// `SHA-256(left ‖ right)` with the top bit cleared.
fn inner(left: &B256, right: &B256) -> B256 {
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

/// The leaf where a key's path ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// The leaf's own key.
    pub key: B256,
    /// [`value_hash`] of what it holds.
    pub value_hash: B256,
}

/// A key and its [`value_hash`]: what the trie is built from.
pub type Entry = (B256, B256);

/// Where a key's path ends, and the subtrees beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The leaf at the end of the path; `None` where it ends in an empty subtree.
    pub terminal: Option<Terminal>,
    /// The other subtree at each step, from the root down; at most [`MAX_SIBLINGS`].
    pub siblings: Vec<B256>,
}

/// What a proof that climbs says of its key.
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

/// What `proof` says of `key` under `root`; `None` where it does not climb to `root`, or ends where no trie does.
///
/// The climb hashes at every step and never folds a lone leaf upwards as [`join`] does: with folding, an empty
/// terminal beside a key's own leaf would climb to that leaf, and prove a present key absent.
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

/// Whether a trie can have this terminal beside this last sibling. A subtree with one leaf is that leaf, so below an
/// inner node there are always two leaves: a leaf never ends beside an empty subtree, an empty one only beside an inner
/// node, and at the last bit there is room for two leaves only.
fn ends_well(proof: &Proof) -> bool {
    match (&proof.terminal, proof.siblings.last()) {
        (_, None) => true,
        (Some(_), Some(last)) if proof.siblings.len() == MAX_SIBLINGS => is_leaf(last),
        (Some(_), Some(last)) => *last != EMPTY,
        (None, Some(last)) => is_inner(last) && proof.siblings.len() < MAX_SIBLINGS,
    }
}

/// The `at`-th bit of a key, most significant first; false beyond the last.
#[must_use]
pub fn bit(key: &B256, at: usize) -> bool {
    key.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1)
}

/// How many bits two keys share before the first that differs.
#[must_use]
pub fn shared_bits(one: &B256, other: &B256) -> usize {
    let differing = one.iter().zip(other.iter()).position(|(a, b)| a != b);
    differing.map_or(MAX_SIBLINGS, |at| {
        at * 8 + (one[at] ^ other[at]).leading_zeros() as usize
    })
}

/// Root of the trie over `leaves`, in strictly rising order of keys.
#[must_use]
pub fn root_of(leaves: &[Entry]) -> B256 {
    subtree_root(leaves, 0)
}

/// The proof for `key` in the trie over `leaves`, in strictly rising order of keys.
#[must_use]
pub fn prove_from(leaves: &[Entry], key: &B256) -> Proof {
    subtree_proof(leaves, 0, key)
}

/// The node at `depth` above `leaves`, which share their first `depth` bits and rise strictly. Recurses once a bit.
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

/// The proof for `key` from the node at `depth` above `leaves`, which share their first `depth` bits with it.
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

/// Leaves whose bit `depth` is clear, and those where it is set.
fn split(leaves: &[Entry], depth: usize) -> (&[Entry], &[Entry]) {
    leaves.split_at(leaves.partition_point(|(key, _)| !bit(key, depth)))
}

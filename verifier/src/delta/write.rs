//! Writes a delta, in the one legal way.

use alloy_primitives::B256;

use super::{CLOSED, EMPTY_PART, FORK, LEAF, NEWEST, NONE};
use crate::event::EVENT_BYTES;
use crate::history::{self, EMPTY, Entry, MAX_SIBLINGS};

/// Writes a key's newest event before the epoch; `None` if the map before has none.
pub fn write_newest(out: &mut Vec<u8>, event: Option<&[u8; EVENT_BYTES]>) {
    match event {
        None => out.push(NONE),
        Some(event) => {
            out.push(NEWEST);
            out.extend_from_slice(event);
        }
    }
}

/// Writes the part at `depth` of a trie with these leaves, opened along the paths of the updates' keys. Both are in
/// strictly ascending order, and share their first `depth` bits. The whole trie is at depth 0. Returns the part's root
/// after the updates: what is on the path of none of them is hashed once for both. Recurses once for each bit.
pub fn open_part(out: &mut Vec<u8>, leaves: &[Entry], depth: usize, updates: &[Entry]) -> B256 {
    match leaves {
        _ if updates.is_empty() => {
            let root = history::subtree_root(leaves, depth);
            write_closed(out, &root);
            root
        }
        [] => {
            out.push(EMPTY_PART);
            history::subtree_root(updates, depth)
        }
        [lone, ..] if leaves.len() == 1 || depth >= MAX_SIBLINGS => {
            let (key, value_hash) = lone;
            out.push(LEAF);
            out.extend_from_slice(key.as_slice());
            out.extend_from_slice(value_hash.as_slice());
            history::subtree_root(&with(lone, updates), depth)
        }
        _ => {
            write_fork(out);
            let leaves = history::split(leaves, depth);
            let updates = history::split(updates, depth);
            let left = open_part(out, leaves.0, depth + 1, updates.0);
            let right = open_part(out, leaves.1, depth + 1, updates.1);
            history::inner(&left, &right)
        }
    }
}

/// The updates, and the leaf unless one of them replaces it, in order.
fn with(leaf: &Entry, updates: &[Entry]) -> Vec<Entry> {
    let at = updates.partition_point(|(key, _)| *key < leaf.0);
    let mut all = updates.to_vec();
    if updates.get(at).is_none_or(|(key, _)| *key != leaf.0) {
        all.insert(at, *leaf);
    }
    all
}

/// Writes a part that is on the path of no key.
pub(crate) fn write_closed(out: &mut Vec<u8>, root: &B256) {
    if *root == EMPTY {
        out.push(EMPTY_PART);
    } else {
        out.push(CLOSED);
        out.extend_from_slice(root.as_slice());
    }
}

/// Writes the beginning of a part with two halves, which must follow: left, then right.
pub(crate) fn write_fork(out: &mut Vec<u8>) {
    out.push(FORK);
}

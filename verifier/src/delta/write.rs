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

/// Writes the part at `depth` of a trie with these leaves, opened along the paths of `keys`. Both are in strictly
/// ascending order, and share their first `depth` bits. The whole trie is at depth 0. Recurses once for each bit.
pub fn open_part<T>(out: &mut Vec<u8>, leaves: &[Entry], depth: usize, keys: &[(B256, T)]) {
    match leaves {
        _ if keys.is_empty() => write_closed(out, &history::subtree_root(leaves, depth)),
        [] => out.push(EMPTY_PART),
        [(key, value_hash), ..] if leaves.len() == 1 || depth >= MAX_SIBLINGS => {
            out.push(LEAF);
            out.extend_from_slice(key.as_slice());
            out.extend_from_slice(value_hash.as_slice());
        }
        _ => {
            write_fork(out);
            let right = |key: &B256| history::bit(key, depth);
            let leaves = leaves.split_at(leaves.partition_point(|(key, _)| !right(key)));
            let keys = keys.split_at(keys.partition_point(|(key, _)| !right(key)));
            open_part(out, leaves.0, depth + 1, keys.0);
            open_part(out, leaves.1, depth + 1, keys.1);
        }
    }
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

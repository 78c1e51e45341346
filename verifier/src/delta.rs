//! Protocol §3: deltas. An epoch's delta proves to somebody without the history map that the epoch's history root
//! follows from the one before by exactly the epoch's events.
//!
//! Its bytes are, for each key id with events in the epoch, ascending, `00`, or `01` and the key's newest event before;
//! then the trie before the epoch, from the root, opened only along those key ids:
//!
//! | bytes | subtree |
//! |---|---|
//! | `00` | empty |
//! | `01 ‖ root(32)` | not empty, and on the path of none of those ids |
//! | `02 ‖ keyId(32) ‖ SHA-256(value)(32)` | one leaf, on the path of one of them |
//! | `03 ‖ left ‖ right` | at least two leaves, on the path of one of them |
//!
//! [`Delta`] reads one and refuses every other encoding of the same; [`open_part`] and the functions beside it write
//! one. Nothing here knows what a legal event is: that is [`crate::audit`]'s.

mod read;
mod write;

use alloy_primitives::B256;

use crate::event::EVENT_BYTES;
use crate::history::{EMPTY, MAX_SIBLINGS, is_inner};

pub use read::{Delta, DeltaError};
pub use write::{open_part, write_newest};
pub(crate) use write::{write_closed, write_fork};

const NONE: u8 = 0;
const EMPTY_PART: u8 = 0;
const NEWEST: u8 = 1;
const CLOSED: u8 = 1;
const LEAF: u8 = 2;
const FORK: u8 = 3;

/// The most bytes of a delta that is read. In a history of a million million keys, the delta of a full epoch has fewer.
pub const MAX_BYTES: usize = 1 << 30;

/// The bytes that a delta can take for each key: the newest event and a path as long as a key has bits, with its leaf.
const KEY_BYTES: usize = 1 + EVENT_BYTES + MAX_SIBLINGS * (2 + 32) + 1 + 64;

/// The most bytes of the delta of an epoch with events of so many keys.
#[must_use]
pub fn max_bytes(keys: usize) -> usize {
    keys.saturating_mul(KEY_BYTES).min(MAX_BYTES)
}

/// The path of an epoch's delta below the merchant's `dataUri`.
#[must_use]
pub fn delta_path(number: u64) -> String {
    format!("epochs/{number:010}.delta")
}

/// Whether a trie has an inner node above these two: each has at least two leaves below, and one with a lone leaf is
/// that leaf.
fn are_two(left: &B256, right: &B256) -> bool {
    (*left != EMPTY && *right != EMPTY) || is_inner(left) || is_inner(right)
}

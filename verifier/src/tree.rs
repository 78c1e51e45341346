//! Protocol §3: the events tree, OpenZeppelin's `StandardMerkleTree` in format `standard-v1`.
//!
//! A complete binary tree in an array: node `i` has the children `2i + 1` and `2i + 2`, the leaves are at the end in
//! descending order of their hash, and a node is the hash of its children in ascending order. A path therefore commits
//! neither to a position nor to a count, which is why an epoch's header has `eventCount`.

use std::cmp::Ordering;

use alloy_primitives::{B256, keccak256};
use serde_json::{Value, json};

use crate::event::{HashedEvent, KeyEvent, RawEvent};

/// The longest path in an epoch of 2²⁰ events, and in a receipt.
pub const MAX_PATH: usize = 20;

/// The ABI types of the fields that a leaf is the hash of.
pub const LEAF_ENCODING: [&str; 6] = ["bytes32", "uint32", "uint8", "uint64", "bytes32", "bytes32"];

/// The hash of an inner node from its children's. The order of the arguments does not matter.
#[must_use]
pub fn join(a: &B256, b: &B256) -> B256 {
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    let mut both = [0; 64];
    both[..32].copy_from_slice(low.as_slice());
    both[32..].copy_from_slice(high.as_slice());
    keccak256(both)
}

/// The root that a path leads to from a leaf.
#[must_use]
pub fn climb(leaf: &B256, path: &[B256]) -> B256 {
    path.iter().fold(*leaf, |node, sibling| join(&node, sibling))
}

/// Whether a path in a tree of `count` leaves can have that length: ⌊log₂ n⌋ or ⌊log₂(2n − 1)⌋.
#[must_use]
pub fn is_legal_path_length(length: usize, count: u64) -> bool {
    let legal = |nodes: Option<u64>| {
        nodes
            .and_then(u64::checked_ilog2)
            .is_some_and(|log| log as usize == length)
    };
    legal(Some(count)) || legal(count.checked_mul(2).map(|twice| twice.saturating_sub(1)))
}

/// The events tree of one epoch, or of receipts that are signed together.
#[derive(Clone, Debug)]
pub struct EventsTree {
    /// The root first; the last `(len + 1) / 2` are the leaves, in descending order.
    nodes: Vec<B256>,
}

impl EventsTree {
    /// The tree of an epoch's events, hashed on up to `threads` threads; `None` if there are none.
    #[must_use]
    pub fn of_events(events: &[KeyEvent], threads: usize) -> Option<Self> {
        Self::of(events, threads, KeyEvent::hash)
    }

    /// As [`Self::of_events`], for events whose kinds may be unknown.
    #[must_use]
    pub fn of_raw_events(records: &[RawEvent], threads: usize) -> Option<Self> {
        Self::of(records, threads, RawEvent::hash)
    }

    /// As [`Self::of_raw_events`]; and each event with its hash, in the same order.
    #[must_use]
    pub fn with_hashes(records: &[RawEvent], threads: usize) -> Option<(Self, Vec<HashedEvent>)> {
        let hashes = hashes(records, threads, RawEvent::hash);
        let events = records.iter().zip(&hashes);
        let events = events
            .map(|(event, hash)| HashedEvent {
                event: *event,
                hash: *hash,
            })
            .collect();
        Some((Self::of_leaves(hashes, threads)?, events))
    }

    fn of<T: Sync>(items: &[T], threads: usize, hash: impl Fn(&T) -> B256 + Sync) -> Option<Self> {
        Self::of_leaves(hashes(items, threads, hash), threads)
    }

    /// The tree over event hashes in any order, built on up to `threads` threads; `None` if there are none.
    #[must_use]
    pub fn of_leaves(mut leaves: Vec<B256>, threads: usize) -> Option<Self> {
        if leaves.is_empty() {
            return None;
        }
        let inner = leaves.len() - 1;
        leaves.sort_unstable_by(falling);
        let mut nodes = vec![B256::ZERO; inner];
        nodes.append(&mut leaves);
        let mut end = inner;
        while end > 0 {
            // All children of nodes start..end are at or after `end`, so these nodes can be computed independently.
            let start = end / 2;
            let (above, below) = nodes.split_at_mut(end);
            let children = &below[2 * start + 1 - end..];
            in_shares(&mut above[start..], children, 2, threads, |node, pair| {
                *node = join(&pair[0], &pair[1]);
            });
            end = start;
        }
        Some(Self { nodes })
    }

    /// The root: an epoch's `eventsRoot`.
    #[must_use]
    pub fn root(&self) -> B256 {
        self.nodes.first().copied().unwrap_or_default()
    }

    /// The number of leaves.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nodes.len().div_ceil(2)
    }

    /// All nodes, root first: the field `tree` of a `standard-v1` dump.
    #[must_use]
    pub fn nodes(&self) -> &[B256] {
        &self.nodes
    }

    /// A leaf's index in [`Self::nodes`]: the field `treeIndex` of a `standard-v1` dump.
    #[must_use]
    pub fn index_of(&self, leaf: &B256) -> Option<usize> {
        let first = self.nodes.len() / 2;
        let leaves = self.nodes.get(first..)?;
        leaves
            .binary_search_by(|other| leaf.cmp(other))
            .ok()
            .map(|index| first + index)
    }

    /// The tree as a file that `@openzeppelin/merkle-tree` loads, format `standard-v1`; `None` if one of the events is
    /// not in the tree.
    #[must_use]
    pub fn dump(&self, events: &[KeyEvent]) -> Option<Value> {
        let value = |event: &KeyEvent| {
            Some(json!({
                "value": [event.key_id, event.version, event.kind as u8, event.at_ms, event.prev, event.payload],
                "treeIndex": self.index_of(&event.hash())?,
            }))
        };
        Some(json!({
            "format": "standard-v1",
            "leafEncoding": LEAF_ENCODING,
            "tree": self.nodes,
            "values": events.iter().map(value).collect::<Option<Vec<_>>>()?,
        }))
    }

    /// The siblings from a leaf up to the root; `None` if the leaf is not in the tree.
    #[must_use]
    pub fn path(&self, leaf: &B256) -> Option<Vec<B256>> {
        let mut index = self.index_of(leaf)?;
        let mut path = Vec::with_capacity(MAX_PATH);
        while index > 0 {
            let sibling = if index % 2 == 1 { index + 1 } else { index - 1 };
            path.push(*self.nodes.get(sibling)?);
            index = (index - 1) / 2;
        }
        Some(path)
    }
}

/// Descending order. Hashes nearly always differ in their first eight bytes, which compare as one number.
fn falling(a: &B256, b: &B256) -> Ordering {
    let head = |hash: &B256| hash.first_chunk().map_or(0, |head| u64::from_be_bytes(*head));
    head(b).cmp(&head(a)).then_with(|| b.cmp(a))
}

/// The fewest nodes for a thread of its own: below, starting it costs more than it saves.
const NODES_A_THREAD: usize = 1 << 12;

/// The items' hashes, computed on up to `threads` threads.
fn hashes<T: Sync>(items: &[T], threads: usize, hash: impl Fn(&T) -> B256 + Sync) -> Vec<B256> {
    let mut hashes = vec![B256::ZERO; items.len()];
    in_shares(&mut hashes, items, 1, threads, |place, item| *place = hash(&item[0]));
    hashes
}

/// Fills `out[i]` from `from[i * width..][..width]`, on up to `threads` threads.
fn in_shares<T: Sync>(
    out: &mut [B256],
    from: &[T],
    width: usize,
    threads: usize,
    fill: impl Fn(&mut B256, &[T]) + Sync,
) {
    let fill_share = |out: &mut [B256], from: &[T]| {
        for (node, input) in out.iter_mut().zip(from.chunks_exact(width)) {
            fill(node, input);
        }
    };
    let share = out.len().div_ceil(threads.max(1)).max(NODES_A_THREAD);
    if share >= out.len() {
        return fill_share(out, from);
    }
    std::thread::scope(|scope| {
        for (out, from) in out.chunks_mut(share).zip(from.chunks(width * share)) {
            let fill_share = &fill_share;
            scope.spawn(move || fill_share(out, from));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same tree, straight from its definition.
    fn root_by_definition(mut leaves: Vec<B256>) -> B256 {
        leaves.sort();
        let mut nodes = vec![B256::ZERO; leaves.len() - 1];
        nodes.extend(leaves.iter().rev());
        for index in (0..leaves.len() - 1).rev() {
            nodes[index] = join(&nodes[2 * index + 1], &nodes[2 * index + 2]);
        }
        nodes[0]
    }

    fn leaves(count: u64) -> Vec<B256> {
        (0..count).map(|n| keccak256(n.to_be_bytes())).collect()
    }

    #[test]
    fn every_small_tree_has_its_root_and_all_its_paths() {
        for count in 1..=70 {
            let leaves = leaves(count);
            let tree = EventsTree::of_leaves(leaves.clone(), 1).unwrap();
            assert_eq!(tree.root(), root_by_definition(leaves.clone()));
            assert_eq!(tree.count() as u64, count);
            for leaf in &leaves {
                let path = tree.path(leaf).unwrap();
                assert_eq!(climb(leaf, &path), tree.root());
                assert!(is_legal_path_length(path.len(), count), "{} of {count}", path.len());
                assert_eq!(tree.nodes()[tree.index_of(leaf).unwrap()], *leaf);
            }
            assert_eq!(tree.path(&B256::ZERO), None);
            assert_eq!(tree.path(&B256::repeat_byte(0xff)), None);
        }
    }

    #[test]
    fn threads_do_not_change_a_tree() {
        let leaves = leaves(3 * NODES_A_THREAD as u64 + 5);
        let expected = root_by_definition(leaves.clone());
        for threads in [0, 1, 2, 3, 7] {
            assert_eq!(EventsTree::of_leaves(leaves.clone(), threads).unwrap().root(), expected);
        }
    }

    #[test]
    fn of_nothing_there_is_no_tree() {
        assert!(EventsTree::of_leaves(Vec::new(), 1).is_none());
        assert!(EventsTree::of_events(&[], 2).is_none());
    }

    #[test]
    fn legal_lengths_are_the_two_depths_of_a_complete_tree() {
        let legal = |count| {
            (0..=25)
                .filter(|length| is_legal_path_length(*length, count))
                .collect::<Vec<_>>()
        };
        assert_eq!(legal(0), Vec::<usize>::new());
        assert_eq!(legal(1), [0]);
        assert_eq!(legal(2), [1]);
        assert_eq!(legal(3), [1, 2]);
        assert_eq!(legal(4), [2]);
        assert_eq!(legal(5), [2, 3]);
        assert_eq!(legal(1_000_000), [19, 20]);
        assert_eq!(legal(1 << 20), [20]);
        assert_eq!(legal(u64::MAX), Vec::<usize>::new(), "beyond any epoch");
    }
}

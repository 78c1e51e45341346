//! Reads a delta, strictly.

use alloy_primitives::B256;

use super::{CLOSED, EMPTY_PART, FORK, LEAF, NEWEST, NONE, are_two};
use crate::event::{EVENT_BYTES, RawEvent};
use crate::history::{self, Before, EMPTY, Entry, Head, MAX_SIBLINGS};

/// Why a delta cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeltaError {
    /// It ends before it is whole.
    #[error("it is cut short")]
    Short,
    /// More bytes follow its end; how many.
    #[error("{0} bytes follow its end")]
    Rest(usize),
    /// The byte before a key's newest event is neither 00 nor 01.
    #[error("key {0}: the byte before its newest event must be 00 or 01")]
    Mark(B256),
    /// The newest event shown for a key is another key's.
    #[error("key {0}: its newest event is another key's")]
    OtherKey(B256),
    /// The trie says something else about a key than the newest event shown for it.
    #[error("key {0}: the map before holds another newest event than is shown, or holds one where none is shown")]
    Newest(B256),
    /// A part of the trie is not written in the one legal way; its depth, and the rule.
    #[error("the trie, at depth {depth}: {rule}")]
    Part {
        /// How many bits lead to the part.
        depth: usize,
        /// The rule that it breaks.
        rule: &'static str,
    },
    /// The trie does not climb to the history root before.
    #[error("its trie climbs to {0}, which is not the history root of the epoch before")]
    Root(B256),
}

/// A delta that was read: its trie climbs to the history root before, and its newest events are those of the trie.
/// Memory: the bytes, and about 150 more for each key.
#[derive(Clone, Debug)]
pub struct Delta<'a> {
    /// The epoch's keys with their newest events before.
    keys: Vec<(B256, Option<Before>)>,
    trie: &'a [u8],
}

impl<'a> Delta<'a> {
    /// Reads the delta of an epoch with events of these keys, in ascending order, each once, after an epoch with that
    /// history root.
    ///
    /// # Errors
    /// [`DeltaError`].
    pub fn read(bytes: &'a [u8], keys: &[B256], root_before: &B256) -> Result<Self, DeltaError> {
        let mut rest = bytes;
        let keys = keys
            .iter()
            .map(|key| Ok((*key, newest_of(&mut rest, key)?)))
            .collect::<Result<Vec<_>, DeltaError>>()?;
        let trie = rest;
        let root = walk(&mut rest, &keys, 0, &mut before)?;
        if !rest.is_empty() {
            return Err(DeltaError::Rest(rest.len()));
        }
        if root != *root_before {
            return Err(DeltaError::Root(root));
        }
        Ok(Self { keys, trie })
    }

    /// The keys' newest events before the epoch, in the order of the keys.
    #[must_use]
    pub fn newest(&self) -> Vec<Option<Before>> {
        self.keys.iter().map(|(_, newest)| *newest).collect()
    }

    /// The history root once the keys' newest events are these, given for every key of the delta and in the same order.
    ///
    /// # Errors
    /// None after [`Self::read`]: the trie is read again.
    pub fn root_after(&self, heads: &[(B256, Head)]) -> Result<B256, DeltaError> {
        walk(&mut { self.trie }, heads, 0, &mut |heads, leaf, depth| {
            Ok(after(heads, leaf, depth))
        })
    }
}

fn newest_of(rest: &mut &[u8], key: &B256) -> Result<Option<Before>, DeltaError> {
    match take::<1>(rest)? {
        [NONE] => Ok(None),
        [NEWEST] => {
            let event = RawEvent::from_bytes(&take::<EVENT_BYTES>(rest)?);
            if event.key_id == *key {
                Ok(Some(Before::from(&event)))
            } else {
                Err(DeltaError::OtherKey(*key))
            }
        }
        _ => Err(DeltaError::Mark(*key)),
    }
}

/// Reads the part at `depth` that the paths of `keys` lead to, and returns its node. `end` makes the node where paths
/// end, from the keys and the leaf there. Recurses once for each bit.
fn walk<T>(
    rest: &mut &[u8],
    keys: &[(B256, T)],
    depth: usize,
    end: &mut impl FnMut(&[(B256, T)], Option<Entry>, usize) -> Result<B256, DeltaError>,
) -> Result<B256, DeltaError> {
    let broken = |rule| Err(DeltaError::Part { depth, rule });
    let [mark] = take(rest)?;
    match (mark, keys.first()) {
        (EMPTY_PART, _) => end(keys, None, depth),
        (CLOSED, None) => {
            let root = B256::new(take(rest)?);
            if root == EMPTY {
                return broken("an empty part must be 00");
            }
            if depth == MAX_SIBLINGS && history::is_inner(&root) {
                return broken("no two keys share all their bits");
            }
            Ok(root)
        }
        (LEAF, Some((first, _))) => {
            let (key, value_hash) = (B256::new(take(rest)?), B256::new(take(rest)?));
            if history::shared_bits(&key, first) < depth {
                return broken("the leaf belongs to another part");
            }
            end(keys, Some((key, value_hash)), depth)
        }
        (FORK, Some(_)) if depth < MAX_SIBLINGS => {
            let (left, right) = keys.split_at(keys.partition_point(|(key, _)| !history::bit(key, depth)));
            let left = walk(rest, left, depth + 1, end)?;
            let right = walk(rest, right, depth + 1, end)?;
            if !are_two(&left, &right) {
                return broken("a part of fewer than two leaves must not be 03");
            }
            Ok(history::join(&left, &right))
        }
        (CLOSED, Some(_)) => broken("a part on the path of a key of the epoch must be opened"),
        (LEAF | FORK, None) => broken("a part on the path of no key of the epoch must be 01"),
        (FORK, Some(_)) => broken("a key has no further bit"),
        _ => broken("a part begins with 00, 01, 02 or 03"),
    }
}

/// The node at a path's end before the epoch. What the trie has for each key there must be the newest event shown.
fn before(keys: &[(B256, Option<Before>)], leaf: Option<Entry>, _depth: usize) -> Result<B256, DeltaError> {
    for (key, newest) in keys {
        let shown = newest.map(|newest| newest.value_hash());
        let held = leaf.filter(|(held, _)| held == key).map(|(_, value_hash)| value_hash);
        if shown != held {
            return Err(DeltaError::Newest(*key));
        }
    }
    Ok(leaf.map_or(EMPTY, |(key, value_hash)| history::leaf(&key, &value_hash)))
}

/// The node at a path's end after the epoch: the keys' new heads, and the leaf that was there.
fn after(heads: &[(B256, Head)], leaf: Option<Entry>, depth: usize) -> B256 {
    let mut leaves: Vec<Entry> = heads.iter().map(|(key, head)| (*key, head.value_hash())).collect();
    if let Some(leaf) = leaf
        && let Err(at) = leaves.binary_search_by_key(&leaf.0, |(key, _)| *key)
    {
        leaves.insert(at, leaf);
    }
    history::subtree_root(&leaves, depth)
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], DeltaError> {
    let (bytes, after) = rest.split_first_chunk().ok_or(DeltaError::Short)?;
    *rest = after;
    Ok(*bytes)
}

//! Plans: how an epoch changes the map, computed without writing.

use alloy_primitives::B256;

use super::base::Base;
use super::bucket::{BUCKET_RECORDS, BucketId, MAX_CROWD, MAX_DEPTH, RecordBytes, Row, merge};
use super::error::MapError;
use super::seen::Seen;
use super::tree::Change;
use crate::delta::{open_part, write_closed, write_fork};
use crate::history::{self, Head};

/// From this many records on, the two halves of the map are computed in parallel.
const PARALLEL_RECORDS: usize = 2_048;

/// An epoch's changes to one state of the map, ready to be committed.
pub struct Plan {
    /// Number and hash of the epoch that the plan was made on.
    pub(super) epoch: (u64, B256),
    pub(super) root: B256,
    pub(super) added: u64,
    pub(super) change: Option<Change>,
    /// The depth of the deepest bucket that changes.
    pub(super) deepest: u8,
}

impl Plan {
    /// Computes the changes that these updates, in strictly ascending order of keys, make after `epoch` to the tree
    /// below `root`. Writes the trie before, opened along the updates' keys, to `trie` if there is one.
    pub(super) fn make(
        epoch: (u64, B256),
        base: &Base,
        root: &Seen<'_>,
        updates: &[(B256, Head)],
        trie: &mut Option<Vec<u8>>,
    ) -> Result<Self, MapError> {
        if let Some(at) = updates.windows(2).position(|pair| pair[0].0 >= pair[1].0) {
            return Err(MapError::Order(at + 1));
        }
        let grown = Planner { base }.grow(root, BucketId::ROOT, updates, trie)?;
        let (root, added) = grown.as_ref().map_or_else(
            || (root.hash(&base.tree), 0),
            |grown| (grown.change.hash(), grown.added),
        );
        Ok(Self {
            epoch,
            root,
            added,
            deepest: grown.as_ref().map_or(0, |grown| grown.change.deepest()),
            change: grown.map(|grown| grown.change),
        })
    }

    /// The history root once the plan is committed.
    #[must_use]
    pub const fn root(&self) -> B256 {
        self.root
    }
}

/// A changed part of the map.
struct Grown {
    change: Change,
    /// The number of keys that are new in it.
    added: u64,
}

/// Computes changes to one state of the map.
struct Planner<'a> {
    base: &'a Base,
}

impl Planner<'_> {
    /// The change that these updates, in order of keys, make to a node; `None` if there are no updates. Appends the
    /// node before to `trie`, as a delta has it. Recurses once for each bit.
    fn grow(
        &self,
        seen: &Seen<'_>,
        id: BucketId,
        updates: &[(B256, Head)],
        trie: &mut Option<Vec<u8>>,
    ) -> Result<Option<Grown>, MapError> {
        let tree = &self.base.tree;
        if updates.is_empty() {
            if let Some(trie) = trie {
                write_closed(trie, &seen.hash(tree));
            }
            return Ok(None);
        }
        let Some(halves) = seen.halves(tree) else {
            let bucket = seen.bucket(self.base, id)?;
            if let Some(trie) = trie {
                open_part(trie, &bucket.entries(), usize::from(id.depth), updates);
            }
            let (records, added) = merge(bucket.records(), updates);
            return Ok(Some(Grown {
                change: cut(id, &records)?,
                added,
            }));
        };
        let depth = usize::from(id.depth);
        let (left, right) = updates.split_at(updates.partition_point(|(key, _)| !history::bit(key, depth)));
        // A bucket splits only if it has too many records for one, and no record is ever removed: there are at least
        // two leaves below.
        if let Some(trie) = trie {
            write_fork(trie);
        }
        let grown = if id.depth == 0 && updates.len() >= PARALLEL_RECORDS {
            let mut other = trie.as_ref().map(|_| Vec::new());
            let (left, right) = both(
                true,
                || self.grow(&halves[0], id.half(false), left, trie),
                || self.grow(&halves[1], id.half(true), right, &mut other),
            );
            if let (Some(trie), Some(other)) = (trie, other) {
                trie.extend(other);
            }
            [left?, right?]
        } else {
            [
                self.grow(&halves[0], id.half(false), left, trie)?,
                self.grow(&halves[1], id.half(true), right, trie)?,
            ]
        };
        let added = grown.iter().flatten().map(|half| half.added).sum();
        let node = |side: usize| {
            grown[side]
                .as_ref()
                .map_or_else(|| halves[side].hash(tree), |half| half.change.hash())
        };
        let hash = history::join(&node(0), &node(1));
        let halves = grown.map(|half| half.map(|half| Box::new(half.change)));
        Ok(Some(Grown {
            change: Change::Inner { hash, halves },
            added,
        }))
    }
}

/// The bucket or buckets of these records, which are sorted and all belong to `id`. Recurses once for each bit.
fn cut(id: BucketId, records: &[RecordBytes]) -> Result<Change, MapError> {
    if id.depth >= MAX_DEPTH && records.len() > MAX_CROWD {
        return Err(MapError::Crowded);
    }
    if records.len() <= BUCKET_RECORDS || id.depth >= MAX_DEPTH {
        return Ok(Change::Bucket(Row::new(id, records)));
    }
    let depth = usize::from(id.depth);
    let (left, right) = records.split_at(records.partition_point(|record| !bit(record, depth)));
    let (left, right) = both(
        id.depth == 0 && records.len() >= PARALLEL_RECORDS,
        || cut(id.half(false), left),
        || cut(id.half(true), right),
    );
    let (left, right) = (left?, right?);
    Ok(Change::Inner {
        hash: history::join(&left.hash(), &right.hash()),
        halves: [Some(Box::new(left)), Some(Box::new(right))],
    })
}

/// A bit of a record's key.
fn bit(record: &RecordBytes, at: usize) -> bool {
    history::bit(&B256::from_slice(&record[..32]), at)
}

/// Runs both, in parallel if `parallel`.
fn both<T: Send>(parallel: bool, left: impl FnOnce() -> T + Send, right: impl FnOnce() -> T) -> (T, T) {
    if !parallel {
        return (left(), right());
    }
    std::thread::scope(|scope| {
        let left = scope.spawn(left);
        let right = right();
        // A panic continues here as it would without the thread.
        (
            left.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            right,
        )
    })
}

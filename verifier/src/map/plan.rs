//! Plans: how an epoch changes the map, computed without writing.

use std::num::NonZero;
use std::ops::Range;
use std::thread;

use alloy_primitives::B256;

use super::base::Base;
use super::bucket::{BucketId, RecordBytes, Row, capacity, merge};
use super::error::MapError;
use super::seen::Seen;
use super::tree::Change;
use crate::delta::{open_part, write_closed, write_fork};
use crate::history::{self, Entry, Head};

/// From this many records on, the two halves of a part of the map are computed in parallel.
const PARALLEL_RECORDS: usize = 2_048;

/// The most levels of the map that are computed in parallel: 64 threads.
const MAX_PARALLEL_DEPTH: u8 = 6;

/// An epoch's changes to one state of the map, ready to be committed.
pub struct Plan {
    /// Number and hash of the epoch that the plan was made on.
    pub(super) epoch: (u64, B256),
    pub(super) root: B256,
    pub(super) added: u64,
    /// The number of its updates.
    pub(super) updates: usize,
    pub(super) change: Option<Change>,
    /// The depth of the deepest bucket that changes.
    pub(super) deepest: u8,
}

/// What an epoch finds in the map, and what it changes. Every bucket was read once.
pub struct Followed {
    /// The keys' last events before the epoch, in the order of the keys.
    pub heads: Vec<Option<Head>>,
    /// The last events after it that the caller gave, in the order of the keys.
    pub updates: Vec<(B256, Head)>,
    /// The trie before, opened along the keys, if it was asked for: the end of the epoch's delta ([`crate::delta`]).
    pub trie: Vec<u8>,
    /// The changes.
    pub plan: Plan,
}

impl Plan {
    /// The history root once the plan is committed.
    #[must_use]
    pub const fn root(&self) -> B256 {
        self.root
    }
}

/// What the walk through the map finds, in the order of the keys.
#[derive(Default)]
struct Found {
    heads: Vec<Option<Head>>,
    updates: Vec<(B256, Head)>,
    trie: Option<Vec<u8>>,
}

/// A changed part of the map.
struct Grown {
    change: Change,
    /// The number of keys that are new in it.
    added: u64,
}

/// Computes changes to one state of the map.
pub(super) struct Planner<'a, S> {
    base: &'a Base,
    /// The epoch's keys, in strictly ascending order.
    keys: &'a [B256],
    /// Gives the last events after the epoch of a range of the keys, in their order, from those before.
    step: S,
    /// Whether the trie before is asked for.
    open: bool,
    /// Above this depth both halves of a large part are worked on at once.
    parallel_depth: u8,
}

impl<'a, S, E> Planner<'a, S>
where
    S: Fn(Range<usize>, &[Option<Head>]) -> Result<Vec<(B256, Head)>, E> + Sync,
    E: From<MapError> + Send,
{
    pub(super) fn new(base: &'a Base, keys: &'a [B256], step: S, open: bool) -> Self {
        Self {
            base,
            keys,
            step,
            open,
            parallel_depth: parallel_depth(),
        }
    }

    /// Follows the epoch from the tree below `root`, which is that after `epoch`. Of several errors of the step it
    /// returns the first in the order of the keys.
    pub(super) fn follow(&self, epoch: (u64, B256), root: &Seen<'_>) -> Result<Followed, E> {
        if let Some(at) = self.keys.windows(2).position(|pair| pair[0] >= pair[1]) {
            return Err(MapError::Order(at + 1).into());
        }
        let mut found = self.nothing();
        let grown = self.grow(root, BucketId::ROOT, 0..self.keys.len(), &mut found)?;
        let (root, added) = grown.as_ref().map_or_else(
            || (root.hash(&self.base.tree), 0),
            |grown| (grown.change.hash(), grown.added),
        );
        let plan = Plan {
            epoch,
            root,
            added,
            updates: found.updates.len(),
            deepest: grown.as_ref().map_or(0, |grown| grown.change.deepest()),
            change: grown.map(|grown| grown.change),
        };
        let Found { heads, updates, trie } = found;
        Ok(Followed {
            heads,
            updates,
            trie: trie.unwrap_or_default(),
            plan,
        })
    }

    fn nothing(&self) -> Found {
        Found {
            trie: self.open.then(Vec::new),
            ..Found::default()
        }
    }

    /// The change of a node by the keys of that range, which belong below it; `None` if there are none. Recurses once
    /// for each bit.
    fn grow(&self, seen: &Seen<'_>, id: BucketId, range: Range<usize>, found: &mut Found) -> Result<Option<Grown>, E> {
        let tree = &self.base.tree;
        if range.is_empty() {
            if let Some(trie) = &mut found.trie {
                write_closed(trie, &seen.hash(tree));
            }
            return Ok(None);
        }
        let Some(halves) = seen.halves(tree) else {
            return self.change(seen, id, range, found).map(Some);
        };
        let depth = usize::from(id.depth);
        let keys = &self.keys[range.clone()];
        let middle = range.start + keys.partition_point(|key| !history::bit(key, depth));
        // A bucket splits only if it has too many records for one, and no record is ever removed: there are at least
        // two leaves below.
        if let Some(trie) = &mut found.trie {
            write_fork(trie);
        }
        let [left, right] = [range.start..middle, middle..range.end];
        let grown = if range.len() >= PARALLEL_RECORDS && id.depth < self.parallel_depth {
            let mut of_right = self.nothing();
            let (left, right) = both(
                true,
                || self.grow(&halves[0], id.half(false), left, found),
                || self.grow(&halves[1], id.half(true), right, &mut of_right),
            );
            let grown = [left?, right?];
            found.append(of_right);
            grown
        } else {
            [
                self.grow(&halves[0], id.half(false), left, found)?,
                self.grow(&halves[1], id.half(true), right, found)?,
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

    /// The change of a bucket by the keys of that range.
    fn change(&self, seen: &Seen<'_>, id: BucketId, range: Range<usize>, found: &mut Found) -> Result<Grown, E> {
        let bucket = seen.bucket(self.base, id)?;
        let keys = &self.keys[range.clone()];
        let heads: Vec<Option<Head>> = keys.iter().map(|key| bucket.head(key)).collect();
        let updates = (self.step)(range, &heads)?;
        let root = found.trie.as_mut().map(|trie| {
            let changed: Vec<Entry> = updates.iter().map(|(key, head)| (*key, head.value_hash())).collect();
            open_part(trie, &bucket.entries(), usize::from(id.depth), &changed)
        });
        let (records, added) = merge(bucket.records(), &updates);
        found.heads.extend(heads);
        found.updates.extend(updates);
        Ok(Grown {
            change: cut(id, &records, root),
            added,
        })
    }
}

impl Found {
    /// Adds what was found for the keys that follow.
    fn append(&mut self, after: Self) {
        self.heads.extend(after.heads);
        self.updates.extend(after.updates);
        if let (Some(trie), Some(more)) = (&mut self.trie, after.trie) {
            trie.extend(more);
        }
    }
}

/// The depth at which a part of the map is left for each of the machine's processors.
fn parallel_depth() -> u8 {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    (1..=MAX_PARALLEL_DEPTH)
        .find(|depth| 1 << depth >= threads)
        .unwrap_or(MAX_PARALLEL_DEPTH)
}

/// The bucket or buckets of these records, which are sorted and all belong to `id`; `root` is the node above them, where
/// it is known. Recurses once for each bit.
fn cut(id: BucketId, records: &[RecordBytes], root: Option<B256>) -> Change {
    if records.len() <= capacity(id.depth) {
        return Change::Bucket(match root {
            Some(root) => Row::with_root(id, root, records),
            None => Row::new(id, records),
        });
    }
    let depth = usize::from(id.depth);
    let (left, right) = records.split_at(records.partition_point(|record| !bit(record, depth)));
    let (left, right) = both(
        id.depth == 0 && records.len() >= PARALLEL_RECORDS,
        || cut(id.half(false), left, None),
        || cut(id.half(true), right, None),
    );
    Change::Inner {
        hash: history::join(&left.hash(), &right.hash()),
        halves: [Some(Box::new(left)), Some(Box::new(right))],
    }
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
    thread::scope(|scope| {
        let left = scope.spawn(left);
        let right = right();
        // A panic continues here as it would without the thread.
        (
            left.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            right,
        )
    })
}

#[cfg(test)]
mod tests {
    use alloy_primitives::keccak256;

    use super::super::bucket::{Bucket, MAX_DEPTH};
    use super::super::disk::Map;
    use super::*;
    use crate::event::Kind;

    fn key(number: u64) -> B256 {
        let mut key = keccak256(number.to_be_bytes());
        key[..6].fill(0xC3);
        key
    }

    fn plan(map: &Map, keys: &[B256]) -> Plan {
        let head = Head {
            version: 1,
            hash: B256::ZERO,
            kind: Kind::Generated,
            at_ms: 1,
            epoch: 1,
        };
        let step = |range: Range<usize>, _: &[Option<Head>]| {
            Ok::<_, MapError>(keys[range].iter().map(|key| (*key, head)).collect())
        };
        map.follow(keys, step).unwrap().plan
    }

    #[test]
    fn an_event_in_a_crowded_place_writes_one_small_bucket() {
        let folder = tempfile::tempdir().unwrap();
        let mut map = Map::open(folder.path()).unwrap();
        let mut crowd: Vec<_> = (0..16_000).map(key).collect();
        crowd.sort_unstable();
        map.commit(plan(&map, &crowd), 1, B256::ZERO).unwrap();
        let mut sizes = Vec::new();
        let change = plan(&map, &[key(77)]).change.unwrap();
        change.each_row(&mut |row| sizes.push(Bucket::of(row).records().len()));
        assert_eq!(sizes.len(), 1);
        assert!(sizes[0] <= capacity(MAX_DEPTH), "{sizes:?}");
    }
}

//! Finds key ids that crowd one place of the map: the rule `key_ids` of a full audit.

use alloy_primitives::B256;

use super::base::Base;
use super::bucket::{BUCKET_RECORDS, BucketId, CROWD_DEPTH};
use super::error::MapError;
use super::seen::Seen;
use crate::audit::{MAX_KEY_IDS, prefix_of};
use crate::history;

const _: () = assert!(
    CROWD_DEPTH == 48,
    "the node at this depth has the ids of one place below it, and no others"
);

/// The first of these keys, in ascending order, each once, whose first 48 bits too many ids share, below `root` and
/// among these keys together. `planned` is the depth of the deepest bucket that the planned epochs change.
pub(super) fn crowded(base: &Base, root: &Seen<'_>, planned: u8, keys: &[B256]) -> Result<Option<B256>, MapError> {
    // A place whose bucket lies above it has at most that bucket's ids, and real ids lead to no other: the map is read
    // for made-up ones alone.
    let is_deep = planned.max(base.tree.deepest()) >= CROWD_DEPTH;
    if !is_deep && !crowds(keys).any(may_be_too_many) {
        return Ok(None);
    }
    Counter { base }.first_below(root, BucketId::ROOT, keys)
}

/// The keys place by place.
fn crowds(keys: &[B256]) -> impl Iterator<Item = &[B256]> {
    keys.chunk_by(|a, b| prefix_of(a) == prefix_of(b))
}

/// Whether these keys of one place can be too many, if its ids in the map lie in a bucket above it.
fn may_be_too_many(crowd: &[B256]) -> bool {
    crowd.len() + BUCKET_RECORDS > MAX_KEY_IDS
}

struct Counter<'a> {
    base: &'a Base,
}

impl Counter<'_> {
    /// The first of these keys, which all belong below that node, whose place is crowded.
    fn first_below(&self, seen: &Seen<'_>, id: BucketId, keys: &[B256]) -> Result<Option<B256>, MapError> {
        if keys.is_empty() {
            return Ok(None);
        }
        if id.depth < CROWD_DEPTH
            && let Some([left, right]) = seen.halves(&self.base.tree)
        {
            let depth = usize::from(id.depth);
            let (of_left, of_right) = keys.split_at(keys.partition_point(|key| !history::bit(key, depth)));
            let found = self.first_below(&left, id.half(false), of_left)?;
            return found.map_or_else(
                || self.first_below(&right, id.half(true), of_right),
                |found| Ok(Some(found)),
            );
        }
        for crowd in crowds(keys) {
            if id.depth < CROWD_DEPTH && !may_be_too_many(crowd) {
                continue;
            }
            let Some(first) = crowd.first() else { continue };
            let free = MAX_KEY_IDS.saturating_sub(crowd.len());
            if crowd.len() > MAX_KEY_IDS || self.others(seen, id, crowd, free)? > free {
                return Ok(Some(*first));
            }
        }
        Ok(None)
    }

    /// The number of ids below that node that are of the crowd's place and not in the crowd. Stops counting above
    /// `enough`: there may be very many.
    fn others(&self, seen: &Seen<'_>, id: BucketId, crowd: &[B256], enough: usize) -> Result<usize, MapError> {
        if let Some(halves) = seen.halves(&self.base.tree) {
            let mut count = 0;
            for (half, right) in halves.iter().zip([false, true]) {
                if count <= enough {
                    count += self.others(half, id.half(right), crowd, enough - count)?;
                }
            }
            return Ok(count);
        }
        let bucket = seen.bucket(self.base, id)?;
        let held = bucket.records().iter().map(|record| B256::from_slice(&record[..32]));
        let place = crowd.first().map(prefix_of);
        let others = held.filter(|key| Some(prefix_of(key)) == place && crowd.binary_search(key).is_err());
        Ok(others.count())
    }
}

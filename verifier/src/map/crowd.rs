//! Finds key ids that crowd one place of the map: the rule `key_ids` of a full audit.

use alloy_primitives::B256;

use super::base::Base;
use super::bucket::{BUCKET_RECORDS, MAX_DEPTH};
use super::error::MapError;
use super::seen::Seen;
use crate::audit::{MAX_KEY_IDS, prefix_of};

const _: () = assert!(MAX_DEPTH <= 48, "all ids with the same 48 bits are in one bucket");

/// The first of these keys, in ascending order, each once, whose first 48 bits too many ids share, below `root` and
/// among these keys together. `planned` is the depth of the deepest bucket that the planned epochs change.
pub(super) fn crowded(base: &Base, root: &Seen<'_>, planned: u8, keys: &[B256]) -> Result<Option<B256>, MapError> {
    // Only a bucket that can split no further holds more than its share, and real ids never lead to one: the map is
    // read for made-up ones alone.
    let is_deep = planned.max(base.tree.deepest()) >= MAX_DEPTH;
    for crowd in keys.chunk_by(|a, b| prefix_of(a) == prefix_of(b)) {
        let Some(first) = crowd.first() else { continue };
        if !is_deep && crowd.len() + BUCKET_RECORDS <= MAX_KEY_IDS {
            continue;
        }
        let bucket = root.clone().bucket_of(base, first)?;
        let held = bucket.records().iter().map(|record| B256::from_slice(&record[..32]));
        let others = held.filter(|key| prefix_of(key) == prefix_of(first) && crowd.binary_search(key).is_err());
        if crowd.len() + others.count() > MAX_KEY_IDS {
            return Ok(Some(*first));
        }
    }
    Ok(None)
}

//! A bucket: the records of all keys below one prefix of bits, and its encoding as a row of the store.
//!
//! Row: key `prefix(8…32)`, the prefix's bits followed by zeros, without the zero bytes at its end after the eighth;
//! value `depth(1) ‖ root(32) ‖ records`. When a bucket splits, its left half has the same prefix and so takes over the
//! row: no row is ever deleted. Record: `keyId(32) ‖ version(4) ‖ head(32) ‖ kind(1) ‖ at(8) ‖ epoch(8)`, integers
//! big-endian, sorted by key id.

use alloy_primitives::B256;
use fjall::Slice;
use sha2::{Digest, Sha256};

use crate::event::Kind;
use crate::history::{self, Entry, Head, Proof};

/// The most records of a bucket before it splits. Smaller buckets need more memory (80 bytes for each bucket), larger
/// ones more writes, since an update rewrites its whole bucket. Deeper than any ids of real codes get, it is 64.
pub const BUCKET_RECORDS: usize = 16;

/// From this depth on there are only key ids that were chosen to share their first bits: ids of real codes are as good
/// as random.
pub(super) const CROWD_DEPTH: u8 = 48;

/// The most records of a bucket at [`CROWD_DEPTH`] or below before it splits. Ids can be chosen to share all bits but
/// the last few, and each further bit costs the tree two nodes, 80 bytes in memory. With more records in such a bucket
/// these are some 250 bytes for each id in the worst case; with [`BUCKET_RECORDS`] they would be a thousand.
const CROWD_RECORDS: usize = 64;

/// The depth of the deepest bucket that can be: there are no more keys below it than it holds.
pub(super) const MAX_DEPTH: u8 = 250;

const _: () = assert!(1 << (256 - MAX_DEPTH as usize) <= CROWD_RECORDS);

/// The most records of a bucket at that depth.
pub(super) const fn capacity(depth: u8) -> usize {
    if depth < CROWD_DEPTH {
        BUCKET_RECORDS
    } else {
        CROWD_RECORDS
    }
}

/// The bytes of a prefix that every row's key has.
const PREFIX_BYTES: usize = 8;

const RECORD_BYTES: usize = 85;

/// A key and its head, encoded.
pub(super) type RecordBytes = [u8; RECORD_BYTES];

const HEADER_BYTES: usize = 33;

/// The keys of a bucket: those whose first `depth` bits are the first bits of `prefix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BucketId {
    /// The bits, followed by zeros.
    pub(super) prefix: B256,
    /// How many bits of the prefix count.
    pub(super) depth: u8,
}

impl BucketId {
    /// The bucket of all keys.
    pub(super) const ROOT: Self = Self {
        prefix: B256::ZERO,
        depth: 0,
    };

    /// The left or right half, by the next bit.
    pub(super) fn half(self, right: bool) -> Self {
        let mut prefix = self.prefix;
        if right {
            prefix[usize::from(self.depth / 8)] |= 0x80 >> (self.depth % 8);
        }
        Self {
            prefix,
            depth: self.depth + 1,
        }
    }

    /// The key of its row. The keys' order is that of the prefixes.
    pub(super) fn row_key(&self) -> &[u8] {
        let end = self.prefix.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
        &self.prefix[..end.max(PREFIX_BYTES)]
    }

    /// The bucket with that row's key; `None` if the key has no legal form.
    fn of_row(key: &[u8], depth: u8) -> Option<Self> {
        if key.len() < PREFIX_BYTES || (key.len() > PREFIX_BYTES && key.ends_with(&[0])) {
            return None;
        }
        let mut prefix = B256::ZERO;
        prefix.get_mut(..key.len())?.copy_from_slice(key);
        Some(Self { prefix, depth })
    }
}

/// A bucket, encoded as its row's value.
pub(super) struct Bucket(Slice);

impl Bucket {
    /// Reads a row's value; `None` if it has no legal form or another depth.
    pub(super) fn from_row(value: Slice, depth: u8) -> Option<Self> {
        let (records, rest) = value.get(HEADER_BYTES..)?.as_chunks();
        let legal = rest.is_empty() && value[0] == depth && records.iter().all(|record| read_head(record).is_some());
        legal.then_some(Self(value))
    }

    /// The bucket in a row that is not written yet.
    pub(super) fn of(row: &Row) -> Self {
        Self(row.value.clone())
    }

    /// The trie's node above its leaves.
    pub(super) fn root(&self) -> B256 {
        B256::from_slice(&self.0[1..HEADER_BYTES])
    }

    /// Its records, in order of keys.
    pub(super) fn records(&self) -> &[RecordBytes] {
        self.0[HEADER_BYTES..].as_chunks().0
    }

    /// The trie's leaves of its records.
    pub(super) fn entries(&self) -> Vec<Entry> {
        entries(self.records())
    }

    /// The key's last event.
    pub(super) fn head(&self, key: &B256) -> Option<Head> {
        let records = self.records();
        let at = records
            .binary_search_by(|record| record[..32].cmp(key.as_slice()))
            .ok()?;
        read_head(&records[at])
    }

    /// The part of the key's proof below the node at `depth`.
    pub(super) fn proof(&self, depth: usize, key: &B256) -> Proof {
        history::subtree_proof(&self.entries(), depth, key)
    }
}

/// A row to be written.
pub(super) struct Row {
    /// The bucket.
    pub(super) id: BucketId,
    /// The trie's node above its leaves.
    pub(super) root: B256,
    /// The row's value.
    pub(super) value: Slice,
}

impl Row {
    /// Encodes a bucket of these records, which are sorted and all belong to it.
    pub(super) fn new(id: BucketId, records: &[RecordBytes]) -> Self {
        Self::with_root(
            id,
            history::subtree_root(&entries(records), usize::from(id.depth)),
            records,
        )
    }

    /// As [`Self::new`], where the node above the records is known.
    pub(super) fn with_root(id: BucketId, root: B256, records: &[RecordBytes]) -> Self {
        let mut value = Vec::with_capacity(HEADER_BYTES + records.as_flattened().len());
        value.push(id.depth);
        value.extend_from_slice(root.as_slice());
        value.extend_from_slice(records.as_flattened());
        Self {
            id,
            root,
            value: Slice::from(value),
        }
    }
}

/// A row without its records: what the tree is built from.
pub(super) struct Summary {
    /// The bucket.
    pub(super) id: BucketId,
    /// The trie's node above its leaves.
    pub(super) root: B256,
    /// The number of its keys.
    pub(super) keys: u64,
}

impl Summary {
    /// Reads a row; `None` if it has no legal form.
    pub(super) fn of_row(key: &[u8], value: Slice) -> Option<Self> {
        let id = BucketId::of_row(key, *value.first()?)?;
        let bucket = Bucket::from_row(value, id.depth)?;
        Some(Self {
            id,
            root: bucket.root(),
            keys: bucket.records().len() as u64,
        })
    }
}

/// Merges updates into records, both in order of keys. Returns the records, and how many keys are new.
pub(super) fn merge(records: &[RecordBytes], updates: &[(B256, Head)]) -> (Vec<RecordBytes>, u64) {
    let mut merged = Vec::with_capacity(records.len() + updates.len());
    let mut rest = records;
    let mut replaced = 0;
    for (key, head) in updates {
        let (before, after) = rest.split_at(rest.partition_point(|record| record[..32] < key[..]));
        merged.extend_from_slice(before);
        let same = after.first().is_some_and(|record| record[..32] == key[..]);
        replaced += u64::from(same);
        rest = &after[usize::from(same)..];
        merged.push(write_record(key, head));
    }
    merged.extend_from_slice(rest);
    (merged, updates.len() as u64 - replaced)
}

/// The trie's leaves of these records.
fn entries(records: &[RecordBytes]) -> Vec<Entry> {
    // A leaf commits to version ‖ head, which are adjacent in a record.
    let value_hash = |record: &RecordBytes| B256::new(Sha256::digest(&record[32..68]).into());
    records
        .iter()
        .map(|record| (B256::from_slice(&record[..32]), value_hash(record)))
        .collect()
}

fn write_record(key: &B256, head: &Head) -> RecordBytes {
    let mut record = [0; RECORD_BYTES];
    record[..32].copy_from_slice(key.as_slice());
    record[32..36].copy_from_slice(&head.version.to_be_bytes());
    record[36..68].copy_from_slice(head.hash.as_slice());
    record[68] = head.kind as u8;
    record[69..77].copy_from_slice(&head.at_ms.to_be_bytes());
    record[77..].copy_from_slice(&head.epoch.to_be_bytes());
    record
}

/// The head in a record; `None` if the protocol does not have its kind.
fn read_head(record: &RecordBytes) -> Option<Head> {
    Some(Head {
        version: u32::from_be_bytes(*record[32..].first_chunk()?),
        hash: B256::from_slice(&record[36..68]),
        kind: Kind::from_number(record[68])?,
        at_ms: u64::from_be_bytes(*record[69..].first_chunk()?),
        epoch: u64::from_be_bytes(*record[77..].first_chunk()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_s_key_leads_back_to_its_bucket_and_keeps_the_order() {
        let mut ids = vec![BucketId::ROOT];
        for depth in 0..MAX_DEPTH {
            let last = ids[ids.len() - 1];
            // The sibling of each step, and a path that turns right at every third.
            ids.push(last.half(depth % 3 != 0));
            ids.push(last.half(depth % 3 == 0));
        }
        for id in &ids {
            let key = id.row_key();
            assert!((PREFIX_BYTES..=32).contains(&key.len()));
            assert_eq!(BucketId::of_row(key, id.depth), Some(*id));
            for other in &ids {
                assert_eq!(id.prefix.cmp(&other.prefix), key.cmp(other.row_key()));
            }
        }
        for illegal in [&[1; 7][..], &[1; 33], &[1, 0, 0, 0, 0, 0, 0, 0, 0], &[]] {
            assert_eq!(BucketId::of_row(illegal, 1), None);
        }
    }

    #[test]
    fn a_row_of_another_depth_length_or_kind_is_no_bucket() {
        let head = Head {
            version: 3,
            hash: B256::repeat_byte(9),
            kind: Kind::Sold,
            at_ms: 5,
            epoch: 2,
        };
        let (records, added) = merge(&[], &[(B256::repeat_byte(1), head), (B256::repeat_byte(2), head)]);
        assert_eq!((records.len(), added), (2, 2));
        let row = Row::new(BucketId::ROOT, &records);
        let bucket = Bucket::of(&row);
        assert_eq!(bucket.head(&B256::repeat_byte(2)), Some(head));
        assert_eq!(bucket.head(&B256::repeat_byte(3)), None);
        let bytes = row.value.to_vec();
        let reads = |bytes: &[u8], depth| Bucket::from_row(Slice::from(bytes), depth).is_some();
        assert!(reads(&bytes, 0) && reads(&bytes[..HEADER_BYTES], 0));
        assert!(!reads(&bytes, 1));
        for length in [0, 1, HEADER_BYTES - 1, HEADER_BYTES + 1, bytes.len() - 1] {
            assert!(!reads(&bytes[..length], 0), "{length}");
        }
        for kind in [0, 11] {
            let mut other = bytes.clone();
            other[HEADER_BYTES + RECORD_BYTES + 68] = kind;
            assert!(!reads(&other, 0), "kind {kind}");
        }
        // Of the keys that are there already none is counted as new.
        let (merged, added) = merge(&records, &[(B256::ZERO, head), (B256::repeat_byte(2), head)]);
        assert_eq!((merged.len(), added), (3, 1));
    }
}

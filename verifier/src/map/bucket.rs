//! A bucket: the records of all keys below one prefix of bits, and its encoding as a row of the store.
//!
//! Row: key `prefix(8)`, the prefix's bits followed by zeros; value `depth(1) ‖ root(32) ‖ records`. When a bucket
//! splits, its left half has the same prefix and so takes over the row: no row is ever deleted. Record: `keyId(32) ‖
//! version(4) ‖ head(32) ‖ kind(1) ‖ at(8) ‖ epoch(8)`, integers big-endian, sorted by key id.

use alloy_primitives::B256;
use fjall::Slice;
use sha2::{Digest, Sha256};

use crate::event::Kind;
use crate::history::{self, Entry, Head, Proof};

/// The most records of a bucket before it splits. Smaller buckets need more memory (80 bytes for each bucket), larger
/// ones more writes, since an update rewrites its whole bucket.
pub const BUCKET_RECORDS: usize = 16;

/// The depth at which a bucket no longer splits. Key ids are as good as random, so only ids that were chosen to share a
/// prefix get this deep.
pub(super) const MAX_DEPTH: u8 = 48;

/// The most records of a bucket at [`MAX_DEPTH`]. Without a bound, a merchant could fill epoch after epoch with made-up
/// ids of one prefix, and each epoch would read and write all of them.
pub(super) const MAX_CROWD: usize = 1 << 14;

const RECORD_BYTES: usize = 85;

/// A key and its head, encoded.
pub(super) type RecordBytes = [u8; RECORD_BYTES];

const HEADER_BYTES: usize = 33;

/// The keys of a bucket: those whose first `depth` bits are the first bits of `prefix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BucketId {
    /// The bits, left-aligned and followed by zeros.
    pub(super) prefix: u64,
    /// How many bits of the prefix count.
    pub(super) depth: u8,
}

impl BucketId {
    /// The bucket of all keys.
    pub(super) const ROOT: Self = Self { prefix: 0, depth: 0 };

    /// The left or right half, by the next bit.
    pub(super) fn half(self, right: bool) -> Self {
        let bit = if right { (1 << 63) >> self.depth } else { 0 };
        Self {
            prefix: self.prefix | bit,
            depth: self.depth + 1,
        }
    }

    /// Whether the key belongs to it.
    pub(super) fn holds(self, key: &B256) -> bool {
        self.depth == 0 || (front(key) ^ self.prefix) >> (64 - self.depth) == 0
    }
}

/// A key's first 64 bits.
fn front(key: &B256) -> u64 {
    key.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
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
        let root = history::subtree_root(&entries(records), usize::from(id.depth));
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
        let id = BucketId {
            prefix: u64::from_be_bytes(key.try_into().ok()?),
            depth: *value.first()?,
        };
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

//! The map's rows in a `fjall` database: the buckets, and the marker, which says which epoch they belong to.
//!
//! The folder has the file `format`, which names this layout and is written once the store has its first marker, and
//! `store/`, the database. Everything is in one keyspace, so that one journal entry writes an epoch whole.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use fjall::config::{BlockSizePolicy, CompressionPolicy, PartitioningPolicy, PinningPolicy};
use fjall::{CompressionType, Database, Keyspace, KeyspaceCreateOptions, PersistMode, Readable, Snapshot};

use super::bucket::{Bucket, BucketId, Row, Summary};
use super::error::MapError;
use super::tree::Change;
use crate::history::EMPTY;

const FORMAT: &[u8] = b"shelfproof history map 1\n";
const FORMAT_FILE: &str = "format";
const FORMAT_NEXT: &str = "format.next";
const STORE_FOLDER: &str = "store";
const KEYSPACE: &str = "history";

/// The marker's key: shorter than a bucket's, and first in order.
const MARKER_KEY: [u8; 1] = [0];
const MARKER_BYTES: usize = 80;

const CACHE_BYTES: u64 = 64 << 20;
const MEMTABLE_BYTES: u64 = 64 << 20;
const BLOCK_BYTES: u32 = 4 << 10;

/// The most bytes of rows that may wait in memory for the worker when the next epoch is written. `fjall`'s own bound is
/// four memtables, each as large as the epoch that was written into it.
const WAITING_BYTES: u64 = 192 << 20;
/// The pause between two looks at them.
const WAITING_LOOK: Duration = Duration::from_millis(5);
/// They are waited for as long as they become fewer in such a time. After a start they lie in one memtable, which the
/// next write hands to the worker; and a worker that failed answers that write.
const WAITING_BOUND: Duration = Duration::from_secs(1);

/// The epoch that the rows belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    /// The epoch's number; 0 before the first.
    pub(super) epoch: u64,
    /// Its hash.
    pub(super) epoch_hash: B256,
    /// The history root after it.
    pub(super) root: B256,
    /// The number of keys.
    pub(super) keys: u64,
}

impl Marker {
    const NONE: Self = Self {
        epoch: 0,
        epoch_hash: B256::ZERO,
        root: EMPTY,
        keys: 0,
    };

    fn to_bytes(self) -> Vec<u8> {
        [
            &self.epoch.to_be_bytes()[..],
            self.epoch_hash.as_slice(),
            self.root.as_slice(),
            &self.keys.to_be_bytes(),
        ]
        .concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; MARKER_BYTES] = bytes.try_into().ok()?;
        Some(Self {
            epoch: u64::from_be_bytes(*bytes.first_chunk()?),
            epoch_hash: B256::from_slice(&bytes[8..40]),
            root: B256::from_slice(&bytes[40..72]),
            keys: u64::from_be_bytes(*bytes.last_chunk()?),
        })
    }
}

/// The open database.
pub(super) struct Store {
    path: PathBuf,
    /// The rows as they are read: those of the last settled epoch, also while the next one is written.
    view: Snapshot,
    rows: Keyspace,
    database: Database,
}

impl Store {
    /// Opens the store in that folder, or makes an empty one, and reads its marker.
    pub(super) fn open(path: &Path) -> Result<(Self, Marker), MapError> {
        let path = path.to_path_buf();
        let io = |cause| MapError::Io {
            path: path.clone(),
            cause,
        };
        fs::create_dir_all(&path).map_err(io)?;
        let made = is_made(&path)?;
        let database = Database::builder(path.join(STORE_FOLDER))
            .cache_size(CACHE_BYTES)
            .manual_journal_persist(true)
            // Of several workers the first hands what is to be compacted on to itself, again and again, while the others
            // compact: it uses a processor for nothing.
            .worker_threads(1)
            .open()
            .map_err(|cause| store_error(&path, cause))?;
        let rows = database
            .keyspace(KEYSPACE, options)
            .map_err(|cause| store_error(&path, cause))?;
        let mut store = Self {
            path: path.clone(),
            view: database.snapshot(),
            rows,
            database,
        };
        let marker = match store.marker()? {
            Some(marker) => marker,
            None if made => return Err(store.damaged("the row that names its epoch is gone")),
            None => store.begin()?,
        };
        store.settle();
        if !made {
            write_format(&path).map_err(io)?;
        }
        Ok((store, marker))
    }

    /// Writes the first marker and the empty root bucket. A crash before that leaves a store without rows, which the
    /// next opening begins again.
    fn begin(&self) -> Result<Marker, MapError> {
        if self.rows.first_key_value().is_some() {
            return Err(self.damaged("it has buckets, and no row that names their epoch"));
        }
        self.write(Some(&Change::Bucket(Row::new(BucketId::ROOT, &[]))), &Marker::NONE)?;
        Ok(Marker::NONE)
    }

    fn marker(&self) -> Result<Option<Marker>, MapError> {
        let value = self
            .rows
            .get(MARKER_KEY)
            .map_err(|cause| store_error(&self.path, cause))?;
        let read = |value: fjall::Slice| {
            Marker::from_bytes(&value).ok_or_else(|| self.damaged("the row that names its epoch is of no legal form"))
        };
        value.map(read).transpose()
    }

    /// The summaries of all buckets, in order of keys.
    pub(super) fn rows(&self) -> Result<Vec<Summary>, MapError> {
        let mut rows = Vec::new();
        for row in self.rows.iter() {
            let (key, value) = row.into_inner().map_err(|cause| store_error(&self.path, cause))?;
            if key == MARKER_KEY {
                continue;
            }
            let summary = Summary::of_row(&key, value);
            rows.push(summary.ok_or_else(|| self.damaged("a row is of no legal form"))?);
        }
        Ok(rows)
    }

    /// Reads a bucket.
    pub(super) fn bucket(&self, id: &BucketId) -> Result<Bucket, MapError> {
        let row = self
            .view
            .get(&self.rows, id.row_key())
            .map_err(|cause| store_error(&self.path, cause))?;
        row.and_then(|row| Bucket::from_row(row, id.depth))
            .ok_or_else(|| self.damaged("a bucket is gone or illegible"))
    }

    /// Writes the changed rows and the marker as one journal entry, and waits until it is on disk. Buckets are read as
    /// before until [`Self::settle`]. The entry has a
    /// checksum over all of it. An entry cut short by a crash is dropped whole when the store is opened again; an entry
    /// torn in its middle by a power failure makes that opening fail.
    pub(super) fn write(&self, change: Option<&Change>, marker: &Marker) -> Result<(), MapError> {
        self.wait_for_worker();
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        if let Some(change) = change {
            change.each_row(&mut |row| batch.insert(&self.rows, row.id.row_key(), row.value.clone()));
        }
        batch.insert(&self.rows, MARKER_KEY, marker.to_bytes());
        batch.commit().map_err(|cause| store_error(&self.path, cause))
    }

    /// Waits until no more rows than [`WAITING_BYTES`] wait in memory, or they do not become fewer.
    fn wait_for_worker(&self) {
        let (mut fewest, mut since) = (u64::MAX, Instant::now());
        loop {
            let waiting = self.database.write_buffer_size();
            if waiting <= WAITING_BYTES || since.elapsed() > WAITING_BOUND {
                return;
            }
            if waiting < fewest {
                (fewest, since) = (waiting, Instant::now());
            }
            thread::sleep(WAITING_LOOK);
        }
    }

    /// Lets what was written be read.
    pub(super) fn settle(&mut self) {
        self.view = self.database.snapshot();
    }

    /// The error for a damaged map.
    pub(super) fn damaged(&self, detail: &str) -> MapError {
        MapError::Damaged {
            path: self.path.clone(),
            detail: detail.to_owned(),
        }
    }
}

/// Key ids and hashes do not compress, and almost every read finds its row. Reads are at random places, so the index
/// blocks and filters stay in memory, about one byte for each key; the system caches the data blocks.
fn options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .max_memtable_size(MEMTABLE_BYTES)
        .data_block_size_policy(BlockSizePolicy::all(BLOCK_BYTES))
        .data_block_compression_policy(CompressionPolicy::all(CompressionType::None))
        .index_block_partitioning_policy(PartitioningPolicy::all(false))
        .index_block_pinning_policy(PinningPolicy::all(true))
        .filter_block_partitioning_policy(PartitioningPolicy::all(false))
        .filter_block_pinning_policy(PinningPolicy::all(true))
        .expect_point_read_hits(true)
}

/// Whether the folder holds a map that was made completely; false if it is empty, or a crash ended the making of one.
fn is_made(path: &Path) -> Result<bool, MapError> {
    let io = |cause| MapError::Io {
        path: path.to_path_buf(),
        cause,
    };
    match fs::read(path.join(FORMAT_FILE)) {
        Ok(format) if format == FORMAT => {
            // Its database must exist too, or `fjall` would begin an empty one.
            if !path.join(STORE_FOLDER).join("version").try_exists().map_err(io)? {
                let detail = "its database is gone".to_owned();
                return Err(MapError::Damaged {
                    path: path.to_path_buf(),
                    detail,
                });
            }
            Ok(true)
        }
        Ok(_) => Err(MapError::Foreign(path.to_path_buf())),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            for entry in fs::read_dir(path).map_err(io)? {
                let name = entry.map_err(io)?.file_name();
                if name != STORE_FOLDER && name != FORMAT_NEXT {
                    return Err(MapError::Foreign(path.to_path_buf()));
                }
            }
            Ok(false)
        }
        Err(cause) => Err(io(cause)),
    }
}

/// Writes the format file by a rename, so that it is whole or absent. A crash before leaves a file of the other name,
/// which [`is_made`] ignores and the next opening overwrites.
fn write_format(path: &Path) -> io::Result<()> {
    let next = path.join(FORMAT_NEXT);
    let mut file = File::create(&next)?;
    file.write_all(FORMAT)?;
    file.sync_all()?;
    fs::rename(next, path.join(FORMAT_FILE))?;
    File::open(path)?.sync_all()
}

/// Translates an error of `fjall`.
fn store_error(path: &Path, cause: fjall::Error) -> MapError {
    let path = path.to_path_buf();
    match cause {
        fjall::Error::Locked => MapError::Locked(path),
        fjall::Error::Io(cause) => MapError::Io { path, cause },
        other => MapError::Damaged {
            path,
            detail: other.to_string(),
        },
    }
}

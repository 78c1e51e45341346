//! The files of the journal, and how they are read.
//!
//! A file's name is the merchant's, the time at which it was begun, and something random: no two processes write one. A
//! process begins another after [`FILE_AGE`] or [`FILE_RECORDS_MAX`] records, and after each write that failed: so what
//! a crash or a full disk cut off is always the end of a file, and was never answered for.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use alloy_primitives::{B256, hex};

use super::record::{LINE_BYTES, Record};

/// For how long a process appends to one file.
pub const FILE_AGE: Duration = Duration::from_hours(1);

/// The records after which a process begins another file.
pub const FILE_RECORDS_MAX: u64 = 1 << 16;

/// The age from which on no process appends to a file any more: longer than [`FILE_AGE`] by more than clocks differ.
pub const CLOSED_AGE: Duration = Duration::from_hours(2);

/// The records that are read, and looked up in the database, at once.
const CHUNK_RECORDS: usize = 1 << 10;

const CHUNK_BYTES: usize = CHUNK_RECORDS * LINE_BYTES;

const EXTENSION: &str = "journal";

/// A file of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalFile {
    pub path: PathBuf,
    /// When it was begun, Unix milliseconds.
    pub begun_ms: u64,
}

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub records: Vec<Record>,
    /// Where the next part begins.
    pub next: u64,
    /// Whether the file had nothing more that is whole.
    pub is_last: bool,
}

/// Why the journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("{}: {cause}", path.display())]
    Io { path: PathBuf, cause: io::Error },
    /// A record that was on the disk is there no more.
    #[error("{} is damaged at byte {at}", path.display())]
    Damaged { path: PathBuf, at: u64 },
}

impl ReadError {
    fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        move |cause| Self::Io {
            path: path.to_owned(),
            cause,
        }
    }
}

/// What the names of a merchant's files begin with.
fn prefix(merchant_id: &B256) -> String {
    format!("{}-", hex::encode(&merchant_id[..8]))
}

/// A new name for a file that is begun now. `random` keeps it apart from the others.
#[must_use]
pub fn name(merchant_id: &B256, now_ms: u64, random: u64) -> String {
    format!("{}{now_ms:013}-{random:016x}.{EXTENSION}", prefix(merchant_id))
}

/// The files of a merchant, those that were begun first before the others.
///
/// # Errors
/// Where the folder cannot be read.
pub fn list(folder: &Path, merchant_id: &B256) -> Result<Vec<JournalFile>, ReadError> {
    let prefix = prefix(merchant_id);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(ReadError::at(folder))? {
        let path = entry.map_err(ReadError::at(folder))?.path();
        let begun_ms = begun_ms(&path, &prefix);
        found.extend(begun_ms.map(|begun_ms| JournalFile { path, begun_ms }));
    }
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// When the file of that name was begun; `None` where it is not one of this merchant's journal.
fn begun_ms(path: &Path, prefix: &str) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_prefix(prefix)?;
    let (begun_ms, _) = name.strip_suffix(EXTENSION)?.strip_suffix('.')?.split_once('-')?;
    begun_ms.parse().ok()
}

/// The records of a file from the byte `from` on, at most [`CHUNK_RECORDS`]; none where the file is gone. Ends before
/// the first line that is not whole: a write that is under way, or one that a crash cut off.
///
/// # Errors
/// Where the file cannot be read, or a later line says that the one which is not whole was on the disk.
pub fn chunk(path: &Path, merchant_id: &B256, from: u64) -> Result<Chunk, ReadError> {
    let in_file = ReadError::at(path);
    let mut file = match File::open(path) {
        Ok(file) => file,
        // Another node has removed it: its sales are in final epochs.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Chunk::end(Vec::new(), from)),
        Err(error) => return Err(in_file(error)),
    };
    // What another process appends from here on is left for the next look.
    let length = file.metadata().map_err(&in_file)?.len();
    file.seek(SeekFrom::Start(from)).map_err(&in_file)?;
    let mut rest = file.take(length.saturating_sub(from));
    let mut bytes = Vec::new();
    rest.by_ref()
        .take(CHUNK_BYTES as u64)
        .read_to_end(&mut bytes)
        .map_err(&in_file)?;
    let (mut records, mut at) = (Vec::new(), from);
    let mut lines = bytes.chunks(LINE_BYTES);
    for line in lines.by_ref() {
        let Some((record, _)) = Record::parse(line, merchant_id) else {
            let mut after: Vec<u8> = lines.flatten().copied().collect();
            // A file is no longer than its records and one group of them, so this is bounded.
            rest.read_to_end(&mut after).map_err(&in_file)?;
            let was_synced = |line| Record::parse(line, merchant_id).is_some_and(|(_, synced)| synced > at);
            if after.chunks(LINE_BYTES).any(was_synced) {
                let path = path.to_owned();
                return Err(ReadError::Damaged { path, at });
            }
            return Ok(Chunk::end(records, at));
        };
        records.push(record);
        at += line.len() as u64;
    }
    let is_last = at >= length;
    Ok(Chunk {
        records,
        next: at,
        is_last,
    })
}

impl Chunk {
    const fn end(records: Vec<Record>, next: u64) -> Self {
        Self {
            records,
            next,
            is_last: true,
        }
    }
}

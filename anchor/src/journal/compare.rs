//! The comparison itself: what the journal's files have and the database lacks, and which files nobody needs any more.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use alloy_primitives::B256;
use shelfproof_base::table;
use sqlx::PgConnection;
use tokio::task::{JoinError, spawn_blocking};

use super::Record;
use super::files::{CLOSED_AGE, Chunk, JournalFile, ReadError, chunk, list};
use crate::store::StoreError;
use crate::store::bound::bounded;
use crate::store::journal::{journal_final, journal_missing};

/// The missing batches that are counted; from there on the count is a lower bound.
const MISSING_MAX: usize = 100_000;

/// What the journal says against a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The database lacks batches.
    Missing {
        count: usize,
        /// The first of them.
        first: Record,
    },
    /// A file is damaged, so that nobody can tell.
    Damaged { path: PathBuf, at: u64 },
}

/// Why database and journal could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("sale.journal {}. {}", .0, advice(.0))]
    Read(#[from] ReadError),
    #[error("the database cannot be read: {0}")]
    Database(#[from] StoreError),
    #[error("a thread of this process failed: {0}")]
    Thread(#[from] JoinError),
}

impl From<sqlx::Error> for JournalError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// How far one database was compared; at first nothing of the journal.
#[derive(Clone, Debug, Default)]
pub struct Progress(HashMap<PathBuf, FileProgress>);

#[derive(Clone, Copy, Debug, Default)]
struct FileProgress {
    /// Where the part that was not compared begins.
    next: u64,
    /// The time of its newest record, Unix milliseconds; 0 where it has none.
    newest_ms: u64,
}

/// What the journal in `folder` says against the database, by what was added to the files since `progress`; moves that
/// on if there is no gap.
///
/// # Errors
/// Where one of them cannot be read.
pub async fn compare(
    connection: &mut PgConnection,
    folder: &Path,
    merchant_id: &B256,
    progress: &mut Progress,
) -> Result<Option<Gap>, JournalError> {
    let files = files(folder, merchant_id).await?;
    let mut after = HashMap::new();
    let mut missing = HashSet::new();
    let mut first: Option<Record> = None;
    for JournalFile { path, .. } in files {
        let mut of_file = progress.0.get(&path).copied().unwrap_or_default();
        loop {
            let part = match part(&path, merchant_id, of_file.next).await {
                Ok(part) => part,
                Err(JournalError::Read(ReadError::Damaged { path, at })) => return Ok(Some(Gap::Damaged { path, at })),
                Err(error) => return Err(error),
            };
            for record in lacked(connection, &part.records).await? {
                if missing.len() < MISSING_MAX {
                    missing.insert(record.batch);
                }
                if first.is_none_or(|first| (record.at_ms, record.batch) < (first.at_ms, first.batch)) {
                    first = Some(record);
                }
            }
            let newest = part.records.iter().map(|record| record.at_ms).max();
            of_file = FileProgress {
                next: part.next,
                newest_ms: of_file.newest_ms.max(newest.unwrap_or_default()),
            };
            if part.is_last {
                break;
            }
        }
        after.insert(path, of_file);
    }
    let Some(first) = first else {
        progress.0 = after;
        return Ok(None);
    };
    let count = missing.len();
    Ok(Some(Gap::Missing { count, first }))
}

/// The records whose batches the database lacks.
async fn lacked(connection: &mut PgConnection, records: &[Record]) -> Result<Vec<Record>, JournalError> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let (batches, signatures): (Vec<_>, Vec<_>) = records.iter().map(|record| (record.batch, record.signature)).unzip();
    let places = bounded(journal_missing(connection, &batches, &signatures)).await?;
    Ok(places
        .into_iter()
        .filter_map(|place| records.get(place).copied())
        .collect())
}

/// Removes the files to which nobody appends any more and whose sales are in final epochs. The one with the newest
/// record stays: where no chain is watched, a database that lacks sales lacks that one too.
///
/// # Errors
/// Where journal or database cannot be read.
pub async fn trim(
    connection: &mut PgConnection,
    folder: &Path,
    merchant_id: &B256,
    progress: &Progress,
    now_ms: u64,
) -> Result<(), JournalError> {
    let newest_ms = |path: &Path| progress.0.get(path).map_or(0, |file| file.newest_ms);
    let newest = progress.0.values().map(|file| file.newest_ms).max();
    let closed_ms = now_ms.saturating_sub(u64::try_from(CLOSED_AGE.as_millis()).unwrap_or(u64::MAX));
    for JournalFile { path, begun_ms } in files(folder, merchant_id).await? {
        if begun_ms >= closed_ms {
            return Ok(());
        }
        if Some(newest_ms(&path)) == newest && newest > Some(0) {
            continue;
        }
        let Some(bytes) = size(&path).await? else {
            // Another node has removed it.
            continue;
        };
        let mut from = 0;
        loop {
            let part = part(&path, merchant_id, from).await?;
            let batches: Vec<i64> = part.records.iter().map(|record| record.batch).collect();
            if !bounded(journal_final(connection, &batches)).await? {
                // Those that were begun later are not final either, but for what another node had to say.
                return Ok(());
            }
            if part.is_last {
                break;
            }
            from = part.next;
        }
        // One that cannot be removed now is left for the next look.
        let _ = spawn_blocking(move || remove_unless_grown(&path, bytes)).await?;
    }
    Ok(())
}

/// The size of a file; `None` where it is gone.
async fn size(path: &Path) -> Result<Option<u64>, JoinError> {
    let path = path.to_owned();
    let size = spawn_blocking(move || fs::metadata(path)).await?;
    Ok(size.ok().map(|file| file.len()))
}

/// Removes a file that was looked through, unless a node whose clock is hours behind has appended to it since.
fn remove_unless_grown(path: &Path, bytes: u64) -> io::Result<()> {
    if fs::metadata(path)?.len() == bytes {
        fs::remove_file(path)
    } else {
        Ok(())
    }
}

/// The journal may lie on a slow disk, or behind a network: it is read beside the tasks of this thread.
async fn files(folder: &Path, merchant_id: &B256) -> Result<Vec<JournalFile>, JournalError> {
    let (folder, merchant_id) = (folder.to_owned(), *merchant_id);
    read(move || list(&folder, &merchant_id)).await
}

async fn part(path: &Path, merchant_id: &B256, from: u64) -> Result<Chunk, JournalError> {
    let (path, merchant_id) = (path.to_owned(), *merchant_id);
    read(move || chunk(&path, &merchant_id, from)).await
}

async fn read<T: Send + 'static>(
    reading: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, JournalError> {
    Ok(spawn_blocking(reading).await??)
}

/// What to do about a journal that cannot be read.
fn advice(error: &ReadError) -> &'static str {
    match error {
        ReadError::Io { cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
            "Mount the disk that has it, or create the folder if there is none yet"
        }
        ReadError::Io { cause, .. } if cause.kind() == io::ErrorKind::PermissionDenied => {
            "Let the user that this program runs as read it: look at owner and mode of the folder and its files"
        }
        ReadError::Io { .. } => "See whether the disk that has it works",
        ReadError::Damaged { .. } => "Restore that file from a copy of its disk",
    }
}

impl Gap {
    /// What is wrong, without how to repair it and where.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Missing { count, first } => format!(
                "the database lacks {}{count} of the batches of sales that the receipt journal has, the first of {} UTC with \
                 the signed root {}: the database comes from an old backup, and would sell again what was sold since",
                if *count == MISSING_MAX { "at least " } else { "" },
                table::time(first.at_ms.cast_signed()),
                first.root
            ),
            Self::Damaged { .. } => "a file of the receipt journal is damaged, so that nobody can tell whether the \
                                     database has all that was sold"
                .to_owned(),
        }
    }
}

/// What is wrong, and how to repair it.
impl fmt::Display for Gap {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { .. } => write!(
                out,
                "{}. Restore the newest backup with all archived write-ahead logs (point-in-time recovery). If there is none \
                 that has them, these keys must not be sold again: retire the merchant, and register another with the \
                 codes whose published history shows no sale and which nobody holds a receipt of",
                self.reason()
            ),
            Self::Damaged { path, at } => write!(
                out,
                "{}: {} at byte {at}. Restore that file from a copy of its disk. If there is none, and this database is known \
                 to be the newest, move the file out of the folder",
                self.reason(),
                path.display()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_grew_since_it_was_looked_through_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one");
        fs::write(&path, "looked through").unwrap();
        let bytes = fs::metadata(&path).unwrap().len();
        fs::write(&path, "looked through, and one more").unwrap();
        remove_unless_grown(&path, bytes).unwrap();
        assert!(path.exists());
        let bytes = fs::metadata(&path).unwrap().len();
        remove_unless_grown(&path, bytes).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn an_error_names_its_cause_and_what_to_do_about_it() {
        let of = |kind: io::ErrorKind| {
            JournalError::from(ReadError::Io {
                path: PathBuf::from("/journal/file"),
                cause: kind.into(),
            })
        };
        let denied = of(io::ErrorKind::PermissionDenied);
        let said = denied.to_string();
        assert!(
            said.contains("/journal/file: permission denied. Let the user") && !said.contains("Mount"),
            "{said}"
        );
        assert!(of(io::ErrorKind::NotFound).to_string().contains("Mount the disk"));
    }
}

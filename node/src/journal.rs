//! Writes the receipt journal: the signed root of each batch of sales, on another disk than the database. A database that
//! lacks a batch of the journal was restored from an old backup: [`crate::fence`] lets nobody sell over it, and the
//! anchor cuts nothing from it. How the journal is read is [`shelfproof_anchor::journal`].
//!
//! A batch is written in this order, and a process that is killed leaves:
//!
//! 1. Before its commit: nothing, in the database and here.
//! 2. After the commit, before the journal is synced: sales that nobody was told of. Whoever tells of them later writes
//!    the record first ([`cover`]): a repeat of the request, a look at the order, its proof.
//! 3. After the sync, before the replies: sales that can be lost no more without being noticed. The repeat gets the same
//!    bytes.
//!
//! So every record was committed: a crash leaves none that the database must lack. And every sale that somebody was told
//! of is in the journal, or in a final epoch, which the chain has.
//!
//! The journal is a folder. Each process appends to a file of its own, so that any number of nodes, on one host or on
//! several, share a folder without a lock; each reads the files of all. One thread writes and syncs the
//! batches that were committed meanwhile together, and sends their replies ([`writer`]): no worker waits for it, and no
//! row is locked. A file is removed once final epochs hold its sales.

use std::collections::HashSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, SendError, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use shelfproof_anchor::journal::Record;
use shelfproof_verifier::tree::climb;
use shelfproof_verifier::vocabulary::typed_data::SIGNATURE_BYTES;
use tokio::sync::oneshot;

use crate::domain::delivery::{SoldItem, sale_promise};

mod writer;

use writer::{Files, run};

/// The batches that may wait for the writer. A worker that has one more waits itself.
const WAITING_MAX: usize = 256;

/// The batches that are remembered as written, so that repeats do not write them again. After as many it begins anew:
/// a record that is written twice does no harm.
const KNOWN_MAX: usize = 1 << 17;

/// A write that takes longer is trouble: the disk hangs.
const SLOW: Duration = Duration::from_secs(5);

/// What is done once a batch is in the journal (`true`), or could not be written (`false`).
type Done = Box<dyn FnOnce(bool) + Send>;

/// Records that wait for the writer.
struct Entry {
    records: Vec<Record>,
    done: Done,
}

/// The journal, as all that sell or tell of sales in this process share it.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    merchant_id: B256,
    writer: SyncSender<Entry>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Why the last records could not be written, in words for anybody; `None` where they were.
    trouble: RwLock<Option<String>>,
    /// Batches whose record this process has synced.
    known: Mutex<HashSet<i64>>,
    /// Batches whose record could not be written yet, and which the writer tries again by itself.
    owed: Mutex<HashSet<(i64, [u8; SIGNATURE_BYTES])>>,
    /// When the write under way began.
    write_began: Mutex<Option<Instant>>,
    /// Whether the writer's thread takes nothing any more.
    is_ended: AtomicBool,
}

/// A sale is in the database and not in the journal, so that nobody may be told of it yet.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the receipt journal could not be written")]
pub struct Unwritten;

impl Journal {
    /// Opens the journal of a merchant in `folder`, which must exist: a folder that was made here would hide that its
    /// disk is not mounted. `now_ms` reads the time.
    ///
    /// # Errors
    /// Where the folder is missing, or no file can be written in it.
    pub fn open(folder: &Path, merchant_id: B256, now_ms: fn() -> u64) -> io::Result<Arc<Self>> {
        let mut own = Files::new(folder, merchant_id, now_ms);
        own.begin()?;
        let state = Arc::<State>::default();
        let (writer, inbox) = mpsc::sync_channel(WAITING_MAX);
        let shared = Arc::clone(&state);
        // It ends with the last handle. What it holds then was not answered, and is covered when somebody asks again.
        std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || run(own, &inbox, &shared))?;
        Ok(Arc::new(Self {
            folder: folder.to_owned(),
            merchant_id,
            writer,
            state,
        }))
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whose sales it has.
    #[must_use]
    pub const fn merchant_id(&self) -> &B256 {
        &self.merchant_id
    }

    /// Why it cannot be written now, in words for anybody; `None` where it can.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.state.trouble()
    }

    /// Writes the record of a batch that was committed, and then calls `done` on the writer's thread. Waits while
    /// [`WAITING_MAX`] others do: it is for threads that may.
    pub fn append(&self, record: Record, done: impl FnOnce(bool) + Send + 'static) {
        let entry = Entry {
            records: vec![record],
            done: Box::new(done),
        };
        if let Err(SendError(entry)) = self.writer.send(entry) {
            self.state.end();
            (entry.done)(false);
        }
    }

    /// Writes records, and waits for the disk without blocking a thread. While there is trouble, those that the writer
    /// tries again anyway are not given to it once more.
    async fn write(&self, records: Vec<Record>) -> Result<(), Unwritten> {
        if self.trouble().is_some() && self.state.owes(&records) {
            return Err(Unwritten);
        }
        let (done, written) = oneshot::channel();
        let entry = Entry {
            records,
            done: Box::new(move |is_written| {
                // The request may have gone.
                let _ = done.send(is_written);
            }),
        };
        self.writer.try_send(entry).map_err(|error| {
            if matches!(error, TrySendError::Disconnected(_)) {
                self.state.end();
            }
            Unwritten
        })?;
        match written.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Unwritten),
        }
    }
}

impl State {
    fn trouble(&self) -> Option<String> {
        if self.is_ended.load(Ordering::Relaxed) {
            return Some("the writer ended. Start this program again".to_owned());
        }
        let began = *locked(&self.write_began);
        if began.is_some_and(|began| began.elapsed() >= SLOW) {
            return Some(format!(
                "its disk has not taken a write for more than {} s",
                SLOW.as_secs()
            ));
        }
        self.failure()
    }

    /// Why the last write failed; `None` where it did not.
    fn failure(&self) -> Option<String> {
        self.trouble.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.write().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Notes that the writer's thread is gone.
    fn end(&self) {
        if !self.is_ended.swap(true, Ordering::Relaxed) {
            tracing::error!("the receipt journal's writer ended: nothing is sold until this program is started again");
        }
    }

    /// Notes that a write begins (`true`) or ended.
    fn note_write(&self, begins: bool) {
        *locked(&self.write_began) = begins.then(Instant::now);
    }

    /// Whether the writer tries all of these records again by itself.
    fn owes(&self, records: &[Record]) -> bool {
        let owed = locked(&self.owed);
        records
            .iter()
            .all(|record| owed.contains(&(record.batch, record.signature)))
    }

    /// Notes that a record is to be written; `false` where that was noted before.
    fn owe(&self, record: &Record) -> bool {
        locked(&self.owed).insert((record.batch, record.signature))
    }

    fn knows(&self, batch: i64) -> bool {
        locked(&self.known).contains(&batch)
    }

    /// Notes that all that was owed is written.
    fn know(&self, records: &[Record]) {
        locked(&self.owed).clear();
        let mut known = locked(&self.known);
        if known.len() + records.len() > KNOWN_MAX {
            known.clear();
        }
        known.extend(records.iter().map(|record| record.batch));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sees to it that the sales of these items are in the journal or in a final epoch, before somebody is told of them.
/// They are not where a process was killed after the commit and before it wrote the record.
///
/// # Errors
/// Where the journal cannot be written: nobody may be told then.
pub async fn cover(journal: Option<&Journal>, sold: &[SoldItem]) -> Result<(), Unwritten> {
    let Some(journal) = journal else {
        return Ok(());
    };
    let mut due: Vec<Record> = Vec::new();
    for item in sold {
        let is_due = !item.is_final && !journal.state.knows(item.sale_batch);
        if is_due && due.last().is_none_or(|last| last.batch != item.sale_batch) {
            due.push(record_of(item));
        }
    }
    if due.is_empty() {
        return Ok(());
    }
    journal.write(due).await
}

/// The record of the batch that sold an item.
fn record_of(item: &SoldItem) -> Record {
    Record {
        batch: item.sale_batch,
        root: climb(&sale_promise(&item.sale, item.buyer), &item.path),
        anchor_by_s: item.anchor_by_s,
        signature: item.signature,
        at_ms: item.sale.at_ms,
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("records", &self.records)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

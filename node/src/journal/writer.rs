//! The thread that writes the journal: it takes all records that wait, writes and syncs them at once, and sends their
//! replies.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use shelfproof_anchor::journal::files::{FILE_AGE, FILE_RECORDS_MAX, name};
use shelfproof_anchor::journal::{LINE_BYTES, Record};
use shelfproof_base::keyfile::disk;

use super::{Entry, State, WAITING_MAX};

/// The pause before a write that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Writes what comes in until all handles are dropped.
pub(super) fn run(mut own: Files, inbox: &Receiver<Entry>, state: &State) {
    // Records that could not be written, each batch's once. Nothing is sold while there are any, so that there are only
    // those of batches which were under way, and of orders that somebody asks for meanwhile.
    let mut owed: Vec<Record> = Vec::new();
    loop {
        let first = if owed.is_empty() {
            inbox.recv().map_err(RecvTimeoutError::from)
        } else {
            inbox.recv_timeout(RETRY)
        };
        let first = match first {
            Ok(first) => Some(first),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let mut entries: Vec<Entry> = first.into_iter().collect();
        if !entries.is_empty() {
            entries.extend(inbox.try_iter().take(WAITING_MAX));
        }
        for entry in &entries {
            owed.extend(entry.records.iter().filter(|record| state.owe(record)));
        }
        state.note_write(true);
        let written = own.append(&owed);
        state.note_write(false);
        let is_written = written.is_ok();
        match written {
            Ok(()) => {
                state.know(&owed);
                owed.clear();
                if state.failure().is_some() {
                    tracing::error!("the receipt journal can be written again");
                    state.set_trouble(None);
                }
            }
            Err(error) => {
                if state.failure().is_none() {
                    let folder = own.folder.display();
                    tracing::error!(
                        "sale.journal {folder}: {error}: nothing is sold until it can be written. Make room there, or mount \
                         the disk again; the write is tried again each second"
                    );
                }
                state.set_trouble(Some(error.to_string()));
            }
        }
        for entry in entries {
            (entry.done)(is_written);
        }
    }
}

/// The files that this process writes, one after another.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    merchant_id: B256,
    now_ms: fn() -> u64,
    /// None after a write that failed.
    current: Option<Current>,
}

/// The file that is written now.
#[derive(Debug)]
struct Current {
    path: PathBuf,
    file: File,
    begun: Instant,
    /// What its name says: when it was begun, Unix milliseconds.
    begun_ms: u64,
    /// How much of it is on the disk.
    synced: u64,
}

impl Files {
    pub(super) fn new(folder: &Path, merchant_id: B256, now_ms: fn() -> u64) -> Self {
        Self {
            folder: folder.to_owned(),
            merchant_id,
            now_ms,
            current: None,
        }
    }

    /// Begins a file, whose name is on the disk when this returns.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        let begun_ms = (self.now_ms)();
        let path = self.folder.join(name(&self.merchant_id, begun_ms, rand::random()));
        let mut options = OpenOptions::new();
        let file = options.append(true).create_new(true).mode(0o600).open(&path)?;
        // A full disk may leave one of these behind at each try.
        disk::sync_folder_of(&path).inspect_err(|_| drop(fs::remove_file(&path)))?;
        self.current = Some(Current {
            path,
            file,
            begun: Instant::now(),
            begun_ms,
            synced: 0,
        });
        Ok(())
    }

    /// Writes records and waits until they are on the disk. After an error none of them counts, and what was written of
    /// them stays the end of its file: the next call begins another.
    pub(super) fn append(&mut self, records: &[Record]) -> io::Result<()> {
        let now_ms = (self.now_ms)();
        if self.current.as_ref().is_none_or(|current| current.is_done(now_ms)) {
            self.current = None;
            self.begin()?;
        }
        let Some(mut current) = self.current.take() else {
            return Ok(());
        };
        let written = current.append(records, &self.merchant_id);
        if written.is_ok() {
            self.current = Some(current);
        } else if current.synced == 0 {
            // Nothing in it counts, and each try leaves another.
            let _ = fs::remove_file(&current.path);
        }
        written
    }
}

impl Current {
    /// Whether nothing more goes into it. Its age counts by the wall clock too, by which others judge its name: that
    /// clock may have been set, or the machine have slept.
    fn is_done(&self, now_ms: u64) -> bool {
        let is_old = match now_ms.checked_sub(self.begun_ms) {
            Some(age_ms) => Duration::from_millis(age_ms) >= FILE_AGE,
            // Its name is in the future.
            None => true,
        };
        is_old || self.begun.elapsed() >= FILE_AGE || self.synced >= FILE_RECORDS_MAX * LINE_BYTES as u64
    }

    fn append(&mut self, records: &[Record], merchant_id: &B256) -> io::Result<()> {
        let mut text = String::with_capacity(records.len() * LINE_BYTES);
        for record in records {
            record.write(merchant_id, self.synced, &mut text);
        }
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()?;
        let synced = self.synced + text.len() as u64;
        // A file whose name is gone takes every byte, and nobody will find them.
        if fs::metadata(&self.path)?.len() < synced {
            return Err(io::Error::other("the file was cut"));
        }
        self.synced = synced;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use shelfproof_anchor::journal::files::{chunk, list};

    use super::*;

    #[test]
    fn after_a_full_disk_another_file_is_begun_with_what_was_owed() {
        let folder = tempfile::tempdir().unwrap();
        let merchant_id = B256::repeat_byte(3);
        let mut files = Files::new(folder.path(), merchant_id, || 5);
        files.current = Some(Current {
            file: OpenOptions::new().write(true).open("/dev/full").unwrap(),
            path: folder.path().join("full"),
            begun: Instant::now(),
            begun_ms: 5,
            synced: 0,
        });
        let record = super::super::tests::record(7);
        let error = files.append(&[record]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        files.append(&[record]).unwrap();
        let [file] = list(folder.path(), &merchant_id).unwrap().try_into().unwrap();
        assert_eq!(chunk(&file.path, &merchant_id, 0).unwrap().records, [record]);
    }

    #[test]
    fn a_file_or_folder_that_is_gone_is_noticed() {
        let outer = tempfile::tempdir().unwrap();
        let (folder, away) = (outer.path().join("journal"), outer.path().join("away"));
        fs::create_dir(&folder).unwrap();
        let merchant_id = B256::repeat_byte(3);
        let mut files = Files::new(&folder, merchant_id, || 5);
        let record = super::super::tests::record(7);
        files.append(&[record]).unwrap();
        fs::rename(&folder, &away).unwrap();
        assert!(files.append(&[record]).is_err() && files.append(&[record]).is_err());
        fs::rename(&away, &folder).unwrap();
        files.append(&[record]).unwrap();
        assert_eq!(list(&folder, &merchant_id).unwrap().len(), 2);
    }

    #[test]
    fn a_file_takes_so_many_records_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let merchant_id = B256::repeat_byte(3);
        let mut files = Files::new(folder.path(), merchant_id, || 5);
        files.begin().unwrap();
        assert!(!files.current.as_ref().unwrap().is_done(5));
        files.current.as_mut().unwrap().synced = FILE_RECORDS_MAX * LINE_BYTES as u64;
        files.append(&[super::super::tests::record(1)]).unwrap();
        assert_eq!(list(folder.path(), &merchant_id).unwrap().len(), 2);
    }

    thread_local! {
        static NOW_MS: Cell<u64> = const { Cell::new(1_790_000_000_000) };
    }

    #[test]
    fn a_clock_that_is_set_two_hours_on_or_back_ends_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let merchant_id = B256::repeat_byte(3);
        let mut files = Files::new(folder.path(), merchant_id, || NOW_MS.get());
        let count = || list(folder.path(), &merchant_id).unwrap().len();
        let two_hours_ms = 2 * 3_600_000;
        let record = super::super::tests::record(1);
        files.append(&[record]).unwrap();
        NOW_MS.set(NOW_MS.get() + 60_000);
        files.append(&[record]).unwrap();
        assert_eq!(count(), 1);
        NOW_MS.set(NOW_MS.get() + two_hours_ms);
        files.append(&[record]).unwrap();
        assert_eq!(count(), 2, "its name says that nobody appends to it any more");
        NOW_MS.set(NOW_MS.get() - two_hours_ms);
        files.append(&[record]).unwrap();
        assert_eq!(count(), 3, "its name is in the future");
    }
}

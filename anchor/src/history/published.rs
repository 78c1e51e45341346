//! The folder `data` with the epochs' data, deltas and headers, which any static server can serve at the merchant's `dataUri`.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use alloy_primitives::B256;
use shelfproof_verifier::epoch::ListedHeader;
use shelfproof_verifier::epoch::{self, MAX_DATA_BYTES};

use super::durable;
use super::epoch_file::EpochFile;
use super::error::HistoryError;

/// Bytes that are compared at once.
const COMPARED_BYTES: usize = 1 << 16;

/// The published files of a merchant's epochs.
#[derive(Debug)]
pub(super) struct Published {
    folder: PathBuf,
}

impl Published {
    /// Opens the folder, or creates it.
    ///
    /// # Errors
    /// [`HistoryError::Io`].
    pub(super) fn open(folder: &Path) -> Result<Self, HistoryError> {
        let folder = folder.to_path_buf();
        let epochs = folder.join("epochs");
        durable::make_folder(&epochs).map_err(HistoryError::io(&epochs))?;
        Ok(Self { folder })
    }

    /// The path of a file, whether it exists or not.
    #[must_use]
    pub(super) fn path(&self, file: EpochFile) -> PathBuf {
        self.folder.join(file.path())
    }

    /// Writes the header file of an epoch that is final. Once this returns it survives a power failure; a crash before
    /// that leaves the file whole or as it was before. One with other bytes is of a chain that lost final blocks.
    ///
    /// # Errors
    /// [`HistoryError::Io`].
    pub(super) fn write_header(&self, listed: &ListedHeader) -> Result<(), HistoryError> {
        let path = self.path(EpochFile::Header(listed.header.number));
        write_once(&path, listed.to_file().as_bytes()).map_err(HistoryError::io(&path))
    }

    /// Writes an epoch's data and delta. Once this returns both files survive a power failure; a crash before that
    /// leaves each whole or as it was before, and the next call writes what is missing.
    ///
    /// A file with the same bytes stays as it is. One with other bytes belongs to an epoch that was computed and never
    /// anchored, as where the database was restored from a backup since: data is published before the epoch's hash is
    /// stored, so nothing depends on it yet, and it is replaced.
    ///
    /// # Errors
    /// [`HistoryError::Io`].
    pub(super) fn write(&self, number: u64, data: &[u8], delta: &[u8]) -> Result<(), HistoryError> {
        let write = |file, bytes| {
            let path = self.path(file);
            write_once(&path, bytes).map_err(HistoryError::io(&path))
        };
        // At once: most of the time each waits for the disk.
        thread::scope(|scope| {
            let delta = scope.spawn(|| write(EpochFile::Delta(number), delta));
            write(EpochFile::Events(number), data)?;
            // A panic goes on where it would have without the thread.
            delta.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// Reads an epoch's data, which must have that hash.
    ///
    /// # Errors
    /// [`HistoryError::Missing`], [`HistoryError::Differs`], [`HistoryError::Io`].
    pub(super) fn read(&self, number: u64, data_hash: &B256) -> Result<Vec<u8>, HistoryError> {
        let path = self.path(EpochFile::Events(number));
        let file = match File::open(&path) {
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Err(HistoryError::Missing(path)),
            opened => opened.map_err(HistoryError::io(&path))?,
        };
        let mut data = Vec::new();
        // One byte more than an epoch can have, so that a longer file has another hash.
        file.take(MAX_DATA_BYTES as u64 + 1)
            .read_to_end(&mut data)
            .map_err(HistoryError::io(&path))?;
        if epoch::data_hash(&data) == *data_hash {
            Ok(data)
        } else {
            Err(HistoryError::Differs(path))
        }
    }
}

/// Writes a file, unless it has these bytes already.
fn write_once(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if holds(path, bytes)? {
        // A crash may have come between its rename and this.
        durable::sync_folder_of(path)
    } else {
        durable::write(path, |file| file.write_all(bytes))
    }
}

/// Whether the file exists with exactly these bytes.
fn holds(path: &Path, data: &[u8]) -> io::Result<bool> {
    let mut file = match File::open(path) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    if file.metadata()?.len() != data.len() as u64 {
        return Ok(false);
    }
    let mut found = vec![0; COMPARED_BYTES];
    for wanted in data.chunks(COMPARED_BYTES) {
        let found = &mut found[..wanted.len()];
        match file.read_exact(found) {
            Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => return Ok(false),
            read => read?,
        }
        if found != wanted {
            return Ok(false);
        }
    }
    Ok(true)
}

//! Reads parts of large files.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::HistoryError;

/// A file of one epoch, with its path for messages.
pub(super) struct LargeFile {
    file: File,
    path: PathBuf,
}

impl LargeFile {
    pub(super) fn open(path: &Path) -> Result<Self, HistoryError> {
        let file = File::open(path).map_err(|cause| match cause.kind() {
            ErrorKind::NotFound => HistoryError::damaged(path, "this file is gone"),
            _ => HistoryError::io(path)(cause),
        })?;
        Ok(Self {
            file,
            path: path.to_owned(),
        })
    }

    /// Checks that it has that many bytes.
    pub(super) fn expect_length(&self, bytes: u64) -> Result<(), HistoryError> {
        let found = self.length()?;
        if found == bytes {
            Ok(())
        } else {
            Err(self.damaged(format!("this file has {found} bytes in the place of {bytes}")))
        }
    }

    /// The number of its bytes.
    pub(super) fn length(&self) -> Result<u64, HistoryError> {
        Ok(self.file.metadata().map_err(HistoryError::io(&self.path))?.len())
    }

    /// The `N` bytes at an offset.
    pub(super) fn read<const N: usize>(&self, offset: u64) -> Result<[u8; N], HistoryError> {
        let mut bytes = [0; N];
        self.read_into(&mut bytes, offset)?;
        Ok(bytes)
    }

    /// Fills `bytes` with those at an offset.
    pub(super) fn read_into(&self, bytes: &mut [u8], offset: u64) -> Result<(), HistoryError> {
        match self.file.read_exact_at(bytes, offset) {
            Ok(()) => Ok(()),
            Err(cause) if cause.kind() == ErrorKind::UnexpectedEof => Err(self.damaged("this file is cut short")),
            Err(cause) => Err(HistoryError::io(&self.path)(cause)),
        }
    }

    pub(super) fn damaged(&self, detail: impl Into<String>) -> HistoryError {
        HistoryError::damaged(&self.path, detail)
    }
}

/// Binary search: the first index below `count` for which `before` is false, or `count`.
pub(super) fn first_not<E>(count: u64, mut before: impl FnMut(u64) -> Result<bool, E>) -> Result<u64, E> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle)? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(low)
}

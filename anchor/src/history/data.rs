//! Reads single events from an epoch's published data.

use std::path::Path;

use alloy_primitives::B256;
use shelfproof_verifier::event::{EVENT_BYTES, KeyEvent, RawEvent};

use super::error::HistoryError;
use super::file::{EpochFile, first_not};

pub(super) struct DataFile {
    file: EpochFile,
    events: u64,
}

impl DataFile {
    /// Opens a data file of that many events.
    pub(super) fn open(path: &Path, events: u64) -> Result<Self, HistoryError> {
        let file = EpochFile::open(path)?;
        file.expect_length(events * EVENT_BYTES as u64)?;
        Ok(Self { file, events })
    }

    /// The index and content of the event of that key and version, which must have that hash.
    pub(super) fn find(&self, key: &B256, version: u32, hash: &B256) -> Result<(u64, KeyEvent), HistoryError> {
        let index = first_not(self.events, |index| {
            let record = self.record(index)?;
            Ok::<_, HistoryError>((record.key_id, record.version) < (*key, version))
        })?;
        let event = if index < self.events {
            self.record(index)?.event()
        } else {
            None
        };
        // The hash covers every field, the key and the version among them.
        event
            .filter(|event| event.hash() == *hash)
            .map(|event| (index, event))
            .ok_or_else(|| {
                self.file
                    .damaged(format!("version {version} of key {key} is not what the history says"))
            })
    }

    fn record(&self, index: u64) -> Result<RawEvent, HistoryError> {
        Ok(RawEvent::from_bytes(&self.file.read(index * EVENT_BYTES as u64)?))
    }
}

//! Reads single events from an epoch's published data.

use std::cmp::Ordering;
use std::path::Path;

use alloy_primitives::B256;
use shelfproof_verifier::event::{EVENT_BYTES, KeyEvent, RawEvent};

use super::error::HistoryError;
use super::file::EpochFile;

/// How often a key's place is guessed before the search halves what is left: key ids are as good as random, so that a
/// few guesses find it among a million; made-up ids can mislead every one.
const MAX_GUESSES: u32 = 8;

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

    /// Opens a data file of as many events as it has bytes for.
    pub(super) fn open_whole(path: &Path) -> Result<Self, HistoryError> {
        let file = EpochFile::open(path)?;
        let events = file.length()? / EVENT_BYTES as u64;
        file.expect_length(events * EVENT_BYTES as u64)?;
        Ok(Self { file, events })
    }

    /// The index and content of the event of that key and version, which must have that hash.
    pub(super) fn find(&self, key: &B256, version: u32, hash: &B256) -> Result<(u64, KeyEvent), HistoryError> {
        // The hash covers every field, the key and the version among them.
        self.look_up(key, version)?
            .filter(|(_, event)| event.hash() == *hash)
            .ok_or_else(|| {
                self.file
                    .damaged(format!("version {version} of key {key} is not what the history says"))
            })
    }

    /// The index and content of the event of that key and version; `None` if the file has none.
    pub(super) fn look_up(&self, key: &B256, version: u32) -> Result<Option<(u64, KeyEvent)>, HistoryError> {
        let index = self.place(key, version)?;
        if index >= self.events {
            return Ok(None);
        }
        let event = self.record(index)?.event();
        let is_it = |event: &KeyEvent| event.key_id == *key && event.version == version;
        Ok(event.filter(is_it).map(|event| (index, event)))
    }

    /// The index of the event of that key and version, or where it would be.
    fn place(&self, key: &B256, version: u32) -> Result<u64, HistoryError> {
        let (mut low, mut high) = (0, self.events);
        let (wanted, mut low_front, mut high_front) = (front(key), 0, u64::MAX);
        let mut guesses = 0;
        while low < high {
            let at = if guesses < MAX_GUESSES {
                low + share(
                    high - low,
                    wanted.saturating_sub(low_front),
                    high_front.saturating_sub(low_front),
                )
            } else {
                low + (high - low) / 2
            };
            guesses += 1;
            let record = self.record(at)?;
            match (record.key_id, record.version).cmp(&(*key, version)) {
                Ordering::Equal => return Ok(at),
                Ordering::Less => (low, low_front) = (at + 1, front(&record.key_id)),
                Ordering::Greater => (high, high_front) = (at, front(&record.key_id)),
            }
        }
        Ok(low)
    }

    fn record(&self, index: u64) -> Result<RawEvent, HistoryError> {
        Ok(RawEvent::from_bytes(&self.file.read(index * EVENT_BYTES as u64)?))
    }
}

/// A key's first 64 bits.
fn front(key: &B256) -> u64 {
    key.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// An index below `count`, at the share `part` of `whole`.
fn share(count: u64, part: u64, whole: u64) -> u64 {
    let index = u128::from(count) * u128::from(part) / u128::from(whole.max(1));
    u64::try_from(index).unwrap_or(u64::MAX).min(count - 1)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use alloy_primitives::keccak256;

    use super::*;

    fn record(key_id: B256, version: u32) -> RawEvent {
        RawEvent {
            key_id,
            version,
            kind: 1,
            at_ms: 7,
            prev: B256::ZERO,
            payload: keccak256(key_id),
        }
    }

    /// Ids as they are, and ids made up so that each guess misses.
    #[test]
    fn every_event_is_found_wherever_its_key_lies() {
        let random = (0..2_000u64).map(|number| keccak256(number.to_be_bytes()));
        let skewed = (0..2_000u64).map(|number| {
            let mut key = B256::ZERO;
            let shift = number % 64;
            key[..8].copy_from_slice(&(u64::MAX >> shift).to_be_bytes());
            key[24..].copy_from_slice(&number.to_be_bytes());
            key
        });
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events");
        for keys in [
            random.collect::<Vec<_>>(),
            skewed.collect(),
            vec![B256::ZERO],
            vec![B256::repeat_byte(0xFF)],
        ] {
            let mut records: Vec<RawEvent> = keys.iter().flat_map(|key| [record(*key, 2), record(*key, 4)]).collect();
            records.sort_by_key(|record| (record.key_id, record.version));
            let bytes: Vec<u8> = records.iter().flat_map(RawEvent::to_bytes).collect();
            fs::write(&path, bytes).expect("written");
            let file = DataFile::open_whole(&path).expect("whole records");
            for (index, wanted) in (0..).zip(&records) {
                let (found, event) = file
                    .find(&wanted.key_id, wanted.version, &wanted.hash())
                    .expect("it is there");
                assert_eq!((found, RawEvent::from(event)), (index, *wanted));
                assert_eq!(file.place(&wanted.key_id, wanted.version - 1).expect("a place"), index);
                assert!(file.find(&wanted.key_id, wanted.version + 1, &wanted.hash()).is_err());
            }
        }
    }
}

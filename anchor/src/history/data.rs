//! Reads single events from an epoch's published data.

use std::cmp::Ordering;
use std::mem;
use std::path::Path;

use alloy_primitives::B256;
use shelfproof_verifier::event::{EVENT_BYTES, KeyEvent, RawEvent};

use super::error::HistoryError;
use super::file::LargeFile;

/// How often a key's place is guessed before the search halves what is left: key ids are as good as random, so that a
/// few guesses find it among a million; made-up ids can mislead every one.
const MAX_GUESSES: u32 = 8;

/// The records that are read at once where neighbours are looked up after each other.
const WINDOW_RECORDS: u64 = 512;

/// From one event wanted of so many on, neighbours are likely in the same window, and one read serves many.
const DENSE: u64 = 32;

pub(super) struct DataFile {
    file: LargeFile,
    events: u64,
    /// The records that are read at once.
    at_once: u64,
    window: Window,
}

/// Records in memory.
#[derive(Default)]
struct Window {
    /// The index of the first.
    first: u64,
    records: Vec<[u8; EVENT_BYTES]>,
}

impl DataFile {
    /// Opens a data file of that many events.
    pub(super) fn open(path: &Path, events: u64) -> Result<Self, HistoryError> {
        let file = LargeFile::open(path)?;
        Self::of(file, events, 1)
    }

    /// Opens a data file of as many events as it has bytes for, to look up so many of them in the order of their keys.
    pub(super) fn open_for(path: &Path, wanted: usize) -> Result<Self, HistoryError> {
        let file = LargeFile::open(path)?;
        let events = file.length()? / EVENT_BYTES as u64;
        let is_dense = wanted as u64 * DENSE >= events;
        Self::of(file, events, if is_dense { WINDOW_RECORDS } else { 1 })
    }

    fn of(file: LargeFile, events: u64, at_once: u64) -> Result<Self, HistoryError> {
        file.expect_length(events * EVENT_BYTES as u64)?;
        Ok(Self {
            file,
            events,
            at_once,
            window: Window::default(),
        })
    }

    /// The index and content of the event of that key and version, which must have that hash.
    pub(super) fn find(&mut self, key: &B256, version: u32, hash: &B256) -> Result<(u64, KeyEvent), HistoryError> {
        // The hash covers every field, the key and the version among them.
        self.look_up(key, version)?
            .filter(|(_, event)| event.hash() == *hash)
            .ok_or_else(|| {
                self.file
                    .damaged(format!("version {version} of key {key} is not what the history says"))
            })
    }

    /// The index and content of the event of that key and version; `None` if the file has none.
    pub(super) fn look_up(&mut self, key: &B256, version: u32) -> Result<Option<(u64, KeyEvent)>, HistoryError> {
        let index = self.place(key, version)?;
        if index >= self.events {
            return Ok(None);
        }
        let event = self.record(index)?.event();
        let is_it = |event: &KeyEvent| event.key_id == *key && event.version == version;
        Ok(event.filter(is_it).map(|event| (index, event)))
    }

    /// The index of the event of that key and version, or where it would be.
    fn place(&mut self, key: &B256, version: u32) -> Result<u64, HistoryError> {
        let wanted = front(key);
        let (mut low, mut low_front) = (0, 0);
        let (mut high, mut high_front) = (self.events, u64::MAX);
        for (at, record) in self.window.ends() {
            match (record.key_id, record.version).cmp(&(*key, version)) {
                Ordering::Equal => return Ok(at),
                Ordering::Less => (low, low_front) = (at + 1, front(&record.key_id)),
                Ordering::Greater if at < high => (high, high_front) = (at, front(&record.key_id)),
                Ordering::Greater => {}
            }
        }
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

    fn record(&mut self, index: u64) -> Result<RawEvent, HistoryError> {
        if let Some(record) = self.window.record(index) {
            return Ok(record);
        }
        // The next key lies behind this one: so does most of the window. After an error there is none.
        let mut window = mem::take(&mut self.window);
        window.first = index.saturating_sub(self.at_once / 4);
        let count = self.at_once.min(self.events - window.first);
        window
            .records
            .resize(usize::try_from(count).unwrap_or_default(), [0; EVENT_BYTES]);
        self.file
            .read_into(window.records.as_flattened_mut(), window.first * EVENT_BYTES as u64)?;
        self.window = window;
        let damaged = || self.file.damaged("this file is cut short");
        self.window.record(index).ok_or_else(damaged)
    }
}

impl Window {
    fn record(&self, index: u64) -> Option<RawEvent> {
        let at = usize::try_from(index.checked_sub(self.first)?).ok()?;
        self.records.get(at).map(RawEvent::from_bytes)
    }

    /// The first and the last record, with their indexes.
    fn ends(&self) -> impl Iterator<Item = (u64, RawEvent)> + use<> {
        let last = (self.first + self.records.len() as u64).saturating_sub(1);
        let ends = [self.first, last].map(|at| Some((at, self.record(at)?)));
        ends.into_iter().flatten()
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
            for wanted in [1, records.len()] {
                let file = DataFile::open_for(&path, wanted).expect("whole records");
                finds_each(file, &records);
            }
        }
    }

    /// Also where they are not looked up in order.
    fn finds_each(mut file: DataFile, records: &[RawEvent]) {
        let mixed = (0..records.len()).map(|at| at * 7 % records.len());
        for index in (0..records.len()).chain(mixed) {
            let wanted = &records[index];
            let (found, event) = file
                .find(&wanted.key_id, wanted.version, &wanted.hash())
                .expect("it is there");
            assert_eq!((found, RawEvent::from(event)), (index as u64, *wanted));
            let before = file.place(&wanted.key_id, wanted.version - 1);
            assert_eq!(before.expect("a place"), index as u64);
            assert!(file.find(&wanted.key_id, wanted.version + 1, &wanted.hash()).is_err());
        }
    }
}

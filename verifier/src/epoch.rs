//! Protocol §3: epochs. One anchored batch of one merchant's events.

use alloy_primitives::{Address, B256, keccak256};
use sha2::{Digest, Sha256};

use crate::event::{EVENT_BYTES, KeyEvent, Record};

/// The most events that an epoch may hold.
pub const MAX_EVENTS: u64 = 1 << 20;

/// The most bytes of an epoch's data.
pub const MAX_DATA_BYTES: usize = (1 << 20) * EVENT_BYTES;
const _: () = assert!(MAX_DATA_BYTES as u64 == MAX_EVENTS * EVENT_BYTES as u64);

/// What the registry holds a hash of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// 1, 2, 3 … without gaps.
    pub number: u64,
    /// The epoch hash before; zero for number 1.
    pub parent: B256,
    /// Root of the events tree.
    pub events_root: B256,
    /// Root of the history map after this epoch.
    pub history_root: B256,
    /// Leaves of the events tree: 1 to [`MAX_EVENTS`].
    pub event_count: u64,
    /// SHA-256 of the published data.
    pub data_hash: B256,
}

impl Header {
    /// `keccak256(abi.encode(merchantId, number, parent, eventsRoot, historyRoot, eventCount, dataHash))`.
    #[must_use]
    pub fn hash(&self, merchant_id: &B256) -> B256 {
        let words = [
            *merchant_id,
            word(self.number),
            self.parent,
            self.events_root,
            self.history_root,
            word(self.event_count),
            self.data_hash,
        ];
        keccak256(words.concat())
    }
}

/// A number as `abi.encode` writes it.
fn word(number: u64) -> B256 {
    let mut out = B256::ZERO;
    out[24..].copy_from_slice(&number.to_be_bytes());
    out
}

/// `keccak256(abi.encode(chainId, registry, owner, salt))`: one merchant's name, everywhere.
#[must_use]
pub fn merchant_id(chain_id: u64, registry: &Address, owner: &Address, salt: &B256) -> B256 {
    keccak256([word(chain_id), registry.into_word(), owner.into_word(), *salt].concat())
}

/// An epoch's data: its events in the order given, 109 bytes each. They must come by (key id, version).
#[must_use]
pub fn encode_data<'a>(events: impl IntoIterator<Item = &'a KeyEvent>) -> Vec<u8> {
    let events = events.into_iter();
    let mut data = Vec::with_capacity(events.size_hint().0.saturating_mul(EVENT_BYTES));
    for event in events {
        data.extend_from_slice(&event.to_bytes());
    }
    data
}

/// SHA-256 of an epoch's data.
#[must_use]
pub fn data_hash(data: &[u8]) -> B256 {
    B256::from_slice(&Sha256::digest(data))
}

/// Where an epoch's data lies below the merchant's `dataUri`.
#[must_use]
pub fn data_path(number: u64) -> String {
    format!("epochs/{number:010}.events")
}

/// Why data is not an epoch's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// Not a whole number of events, or none, or too many.
    #[error("{0} bytes are not 1 to 1,048,576 events of 109 bytes")]
    Length(usize),
    /// An event of no kind.
    #[error("event {0} has a kind that the protocol does not know")]
    Kind(usize),
    /// Not strictly rising by (key id, version).
    #[error("event {0} does not come after the one before it by (key id, version)")]
    Order(usize),
}

/// Splits an epoch's data into its 1 to [`MAX_EVENTS`] records, of any kind and in any order.
///
/// # Errors
/// [`DataError::Length`].
pub fn split_data(data: &[u8]) -> Result<Vec<Record>, DataError> {
    let (records, rest) = data.as_chunks::<EVENT_BYTES>();
    if !rest.is_empty() || records.is_empty() || records.len() as u64 > MAX_EVENTS {
        return Err(DataError::Length(data.len()));
    }
    Ok(records.iter().map(Record::from_bytes).collect())
}

/// Reads the events of an epoch's records, which must rise strictly by (key id, version).
///
/// # Errors
/// [`DataError`], with the index of the first record that breaks a rule.
pub fn events_of(records: &[Record]) -> Result<Vec<KeyEvent>, DataError> {
    let falls = |pair: &[Record]| (pair[0].key_id, pair[0].version) >= (pair[1].key_id, pair[1].version);
    if let Some(index) = records.windows(2).position(falls) {
        return Err(DataError::Order(index + 1));
    }
    let event = |(index, record): (usize, &Record)| record.event().ok_or(DataError::Kind(index));
    records.iter().enumerate().map(event).collect()
}

/// Reads an epoch's data: 1 to [`MAX_EVENTS`] events, strictly rising by (key id, version).
///
/// # Errors
/// [`DataError`], with the index of the first event that breaks a rule.
pub fn decode_data(data: &[u8]) -> Result<Vec<KeyEvent>, DataError> {
    events_of(&split_data(data)?)
}

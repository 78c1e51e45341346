//! Protocol §3: epochs. An epoch is a batch of one merchant's events that is anchored together: its header, the hash
//! that the registry holds, and its published data file.

use alloy_primitives::{Address, B256, keccak256};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::Refusal;
use crate::event::{EVENT_BYTES, KeyEvent, RawEvent};
use crate::json::Node;

mod listed;

pub use listed::ListedHeader;

/// The most events that an epoch may hold.
pub const MAX_EVENTS: u64 = 1 << 20;

/// The most bytes of an epoch's data file.
pub const MAX_DATA_BYTES: usize = (1 << 20) * EVENT_BYTES;
const _: () = assert!(MAX_DATA_BYTES as u64 == MAX_EVENTS * EVENT_BYTES as u64);

/// How far an event's time may lie after the time of its epoch's block, milliseconds.
pub const MAX_AHEAD_MS: u64 = 600_000;

/// The latest time that an event may state in an epoch whose block has that time: Unix milliseconds.
pub(crate) fn latest_event_ms(anchored_at_s: u64) -> u64 {
    anchored_at_s.saturating_mul(1000).saturating_add(MAX_AHEAD_MS)
}

/// An epoch's header: the fields whose hash the registry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The epoch's number: 1, 2, 3 … without gaps.
    pub number: u64,
    /// The previous epoch's hash; zero for number 1.
    pub parent: B256,
    /// Root of the events tree ([`crate::tree`]).
    pub events_root: B256,
    /// Root of the history map ([`crate::history`]) after this epoch.
    pub history_root: B256,
    /// How many events the epoch holds: 1 to [`MAX_EVENTS`].
    pub event_count: u64,
    /// [`data_hash`] of the data file.
    pub data_hash: B256,
}

impl Header {
    /// The epoch hash: `keccak256(abi.encode(merchantId, number, parent, eventsRoot, historyRoot, eventCount,
    /// dataHash))` with its last four bytes set to zero, where the registry keeps the epoch's time.
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
        let mut hash = keccak256(words.concat());
        hash[28..].fill(0);
        hash
    }

    /// Takes a header's fields, as bundles and evidence write them.
    pub(crate) fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        let event_count = fields.field("eventCount")?;
        let header = Self {
            number: fields.field("number")?.number()?,
            parent: fields.field("parent")?.word()?,
            events_root: fields.field("eventsRoot")?.word()?,
            history_root: fields.field("historyRoot")?.word()?,
            event_count: event_count.number()?,
            data_hash: fields.field("dataHash")?.word()?,
        };
        if (1..=MAX_EVENTS).contains(&header.event_count) {
            Ok(header)
        } else {
            Err(event_count.must("1 to 1048576"))
        }
    }

    /// The header's fields, as bundles and evidence write them.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "number": self.number,
            "parent": self.parent,
            "eventsRoot": self.events_root,
            "historyRoot": self.history_root,
            "eventCount": self.event_count,
            "dataHash": self.data_hash,
        })
    }
}

/// A number as `abi.encode` writes it: 32 bytes, big-endian.
fn word(number: u64) -> B256 {
    let mut out = B256::ZERO;
    out[24..].copy_from_slice(&number.to_be_bytes());
    out
}

/// A merchant's id in the registry: `keccak256(abi.encode(chainId, registry, owner, salt))`.
#[must_use]
pub fn merchant_id(chain_id: u64, registry: &Address, owner: &Address, salt: &B256) -> B256 {
    keccak256([word(chain_id), registry.into_word(), owner.into_word(), *salt].concat())
}

/// Writes an epoch's data file: [`EVENT_BYTES`] for each event, in the order given, which must rise strictly by
/// (key id, version).
#[must_use]
pub fn encode_data<'a>(events: impl IntoIterator<Item = &'a KeyEvent>) -> Vec<u8> {
    let events = events.into_iter();
    let mut data = Vec::with_capacity(events.size_hint().0.saturating_mul(EVENT_BYTES));
    for event in events {
        data.extend_from_slice(&event.to_bytes());
    }
    data
}

/// SHA-256 of an epoch's data file.
#[must_use]
pub fn data_hash(data: &[u8]) -> B256 {
    B256::from_slice(&Sha256::digest(data))
}

/// The path of an epoch's data file below the merchant's `dataUri`.
#[must_use]
pub fn data_path(number: u64) -> String {
    format!("epochs/{number:010}.events")
}

/// The path of an epoch's header file below the merchant's `dataUri`.
#[must_use]
pub fn header_path(number: u64) -> String {
    format!("epochs/{number:010}.header.json")
}

/// Why bytes are not an epoch's data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// The number of bytes is not that of 1 to [`MAX_EVENTS`] whole events.
    #[error("{0} bytes are not 1 to 1,048,576 events of 109 bytes")]
    Length(usize),
    /// An event whose kind the protocol does not have; its index.
    #[error("event {0} has a kind that the protocol does not know")]
    Kind(usize),
    /// Events that do not rise strictly by (key id, version); the index of the first that does not.
    #[error("event {0} does not come after the one before it by (key id, version)")]
    Order(usize),
}

/// Splits an epoch's data file into its 1 to [`MAX_EVENTS`] events, of any kind and in any order.
///
/// # Errors
/// [`DataError::Length`].
pub fn split_data(data: &[u8]) -> Result<Vec<RawEvent>, DataError> {
    let (records, rest) = data.as_chunks::<EVENT_BYTES>();
    if !rest.is_empty() || records.is_empty() || records.len() as u64 > MAX_EVENTS {
        return Err(DataError::Length(data.len()));
    }
    Ok(records.iter().map(RawEvent::from_bytes).collect())
}

/// Types an epoch's events, which must rise strictly by (key id, version) and be of kinds that the protocol has.
///
/// # Errors
/// [`DataError::Order`] or [`DataError::Kind`], with the index of the first event that breaks the rule.
pub fn events_of(records: &[RawEvent]) -> Result<Vec<KeyEvent>, DataError> {
    let falls = |pair: &[RawEvent]| (pair[0].key_id, pair[0].version) >= (pair[1].key_id, pair[1].version);
    if let Some(index) = records.windows(2).position(falls) {
        return Err(DataError::Order(index + 1));
    }
    let event = |(index, record): (usize, &RawEvent)| record.event().ok_or(DataError::Kind(index));
    records.iter().enumerate().map(event).collect()
}

/// Reads an epoch's data file: [`split_data`], then [`events_of`].
///
/// # Errors
/// [`DataError`].
pub fn decode_data(data: &[u8]) -> Result<Vec<KeyEvent>, DataError> {
    events_of(&split_data(data)?)
}

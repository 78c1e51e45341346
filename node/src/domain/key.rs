//! Keys: the newest event of a key, and the event that follows it.

use std::fmt;
use std::str::FromStr;

use alloy_primitives::B256;
use shelfproof_verifier::event::{self, KeyEvent, Kind, Opening};

use super::id::{BatchId, OrderId, ProductId};
use super::pool::Place;
use super::search::IdRange;

/// A key's newest event, as far as the next one needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The key's number in this shop's database.
    pub key_no: i64,
    pub key_id: B256,
    /// The event's kind.
    pub state: Kind,
    pub version: u32,
    pub hash: B256,
    /// Unix milliseconds.
    pub at_ms: u64,
}

/// A key with its place in stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub head: Head,
    /// `None` before it is activated.
    pub place: Option<Place>,
    pub batch: BatchId,
}

/// A key in a list of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySummary {
    pub key_no: i64,
    pub key_id: B256,
    pub batch: BatchId,
    /// The kind of its newest event.
    pub state: Kind,
    pub version: u32,
    /// That event's time, Unix milliseconds.
    pub at_ms: u64,
    /// The order that it was sold with.
    pub order: Option<OrderId>,
}

/// Which keys a list shows: those that meet all of what is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyFilter {
    pub batch: Option<BatchId>,
    pub product: Option<ProductId>,
    pub state: Option<Kind>,
    /// The order that they were sold with.
    pub order: Option<OrderId>,
    /// The beginning of their ids.
    pub search: Option<IdRange<B256>>,
}

/// The place in the list of keys, which is by batch and then by number, that a page continues after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyCursor {
    pub batch: BatchId,
    pub no: i64,
}

impl fmt::Display for KeyCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.batch, self.no)
    }
}

/// The text is no cursor of a list of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no cursor of this list")]
pub struct NotCursor;

impl FromStr for KeyCursor {
    type Err = NotCursor;

    fn from_str(text: &str) -> Result<Self, NotCursor> {
        let (batch, no) = text.split_once(':').ok_or(NotCursor)?;
        Ok(Self {
            batch: batch.parse().map_err(|_| NotCursor)?,
            no: no.parse().map_err(|_| NotCursor)?,
        })
    }
}

/// An event that follows its key's newest one, with the salt and body that its payload hash commits to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainedEvent {
    pub event: KeyEvent,
    pub opening: Opening,
}

/// The event that follows `before`; `None` where the protocol allows no such step.
///
/// Its time is `now_ms`, or that of `before` where this machine's clock is behind it: a key's time never decreases.
#[must_use]
pub fn next(before: &Head, kind: Kind, now_ms: u64, opening: Opening) -> Option<ChainedEvent> {
    kind.may_follow(Some(before.state)).then(|| ChainedEvent {
        event: KeyEvent {
            key_id: before.key_id,
            version: before.version + 1,
            kind,
            at_ms: now_ms.max(before.at_ms),
            prev: before.hash,
            payload: event::payload(&opening.salt, &opening.body),
        },
        opening,
    })
}

/// A key's first event.
#[must_use]
pub fn first(key_id: B256, now_ms: u64, opening: Opening) -> ChainedEvent {
    ChainedEvent {
        event: KeyEvent {
            key_id,
            version: 1,
            kind: Kind::Generated,
            at_ms: now_ms,
            prev: B256::ZERO,
            payload: event::payload(&opening.salt, &opening.body),
        },
        opening,
    }
}

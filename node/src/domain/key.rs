//! Keys: the newest event of a key, and the event that follows it.

use alloy_primitives::B256;
use shelfproof_verifier::event::{self, KeyEvent, Kind, Opening};

use super::id::BatchId;
use super::pool::Place;

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

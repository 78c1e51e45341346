//! A key's place in its history, and the event that comes next.

use alloy_primitives::B256;
use shelfproof_verifier::event::{self, KeyEvent, Kind, Opening};

use super::id::BatchId;
use super::pool::Place;

/// What the database holds of a key's newest event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The shop's number of the key.
    pub key_no: i64,
    /// The key's id.
    pub key_id: B256,
    /// Its kind.
    pub state: Kind,
    /// Its version.
    pub version: u32,
    /// Its hash.
    pub hash: B256,
    /// Its time, Unix milliseconds.
    pub at_ms: u64,
}

/// A key and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its newest event.
    pub head: Head,
    /// `None` before it was activated.
    pub place: Option<Place>,
    /// What brought it.
    pub batch: BatchId,
}

/// An event and what it opens to, ready to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainedEvent {
    /// The event.
    pub event: KeyEvent,
    /// Its salt and body.
    pub opening: Opening,
}

/// The event that follows `before`; `None` where the protocol allows no such step.
///
/// Its time is `now_ms`, or the time before where this machine's clock is behind: a key's time never decreases.
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

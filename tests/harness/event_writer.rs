//! Writes key events into the table that the anchor reads, in the node's format, without a shop.

use std::collections::BTreeMap;

use alloy_primitives::{B256, keccak256};
use shelfproof_anchor::store::events::{NewEvent, Sale, event_append};
use shelfproof_verifier::event::{KeyEvent, Kind, Opening, payload};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::Result;

/// The time of the first event, in Unix milliseconds.
pub const BEGIN_MS: u64 = 1_790_000_000_000;

/// The kinds of a key's events, in their order.
const STEPS: [Kind; 4] = [Kind::Generated, Kind::Activated, Kind::Sold, Kind::Redeemed];

/// Keys by number, with the last event of each.
#[derive(Clone, Debug, Default)]
pub struct EventWriter {
    last: BTreeMap<i64, KeyEvent>,
}

/// Returns the id of the key with that number.
#[must_use]
pub fn key_id(no: i64) -> B256 {
    keccak256(no.to_be_bytes())
}

impl EventWriter {
    /// Returns the next event of each of these keys, without writing it.
    ///
    /// # Errors
    /// If a key has no next event.
    pub fn next(&mut self, keys: impl IntoIterator<Item = i64>) -> Result<Vec<NewEvent>> {
        let mut events = Vec::new();
        for no in keys {
            let last = self.last.get(&no).copied();
            let version = last.map_or(1, |last| last.version + 1);
            let kind = *STEPS.get(version as usize - 1).ok_or("the key has come to its end")?;
            let opening = Opening {
                salt: keccak256([no.to_be_bytes(), i64::from(version).to_be_bytes()].concat()),
                body: format!("{{\"key\":{no}}}"),
            };
            let event = KeyEvent {
                key_id: key_id(no),
                version,
                kind,
                at_ms: BEGIN_MS + u64::from(version),
                prev: last.map_or(B256::ZERO, |last| last.hash()),
                payload: payload(&opening.salt, &opening.body),
            };
            self.last.insert(no, event);
            events.push(NewEvent {
                key_no: no,
                before: last.map(|last| last.kind),
                event,
                opening,
                sale: (kind == Kind::Sold).then_some(Sale {
                    order: Uuid::from_u64_pair(no.cast_unsigned(), u64::from(version)),
                    item: 1,
                    anchor_by_s: event.at_ms / 1_000 + 86_400,
                }),
            });
        }
        Ok(events)
    }

    /// Writes the next event of each of these keys.
    ///
    /// # Errors
    /// The database's error.
    pub async fn write(&mut self, connection: &mut PgConnection, keys: impl IntoIterator<Item = i64>) -> Result<()> {
        let events = self.next(keys)?;
        Ok(event_append(connection, &events).await?)
    }

    /// Sets the last events of these keys to those of `other`.
    pub fn take<'a>(&mut self, other: &Self, keys: impl IntoIterator<Item = &'a i64>) {
        for key in keys {
            match other.last.get(key) {
                Some(event) => self.last.insert(*key, *event),
                None => self.last.remove(key),
            };
        }
    }
}

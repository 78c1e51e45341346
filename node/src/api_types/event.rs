//! Events as the API shows them, with the protocol's names of fields and kinds.

use alloy_primitives::B256;
use serde::Serialize;
use shelfproof_anchor::store::events::StoredEvent;
use shelfproof_verifier::event::KeyEvent;
use utoipa::ToSchema;

use super::{Hash, KeyState};

/// One event of a key's history (protocol, section 2).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Event)]
pub(crate) struct ShownEvent<'a> {
    /// The key's id.
    #[schema(value_type = Hash)]
    key_id: B256,
    /// The event's position in the key's history: 1, 2, 3 …
    #[schema(minimum = 1)]
    version: u32,
    /// What happened.
    #[schema(value_type = KeyState)]
    kind: &'static str,
    /// Unix milliseconds.
    at: u64,
    /// The hash of the event before.
    #[schema(value_type = Hash)]
    prev: B256,
    /// keccak256 of salt and body.
    #[schema(value_type = Hash)]
    payload: B256,
    /// The hash of this event.
    #[schema(value_type = Hash)]
    hash: B256,
    /// The salt that opens the payload; shown only to the order's holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Hash>)]
    salt: Option<B256>,
    /// The body in the payload: the exact text that was hashed.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
}

impl From<&KeyEvent> for ShownEvent<'_> {
    fn from(event: &KeyEvent) -> Self {
        Self {
            key_id: event.key_id,
            version: event.version,
            kind: event.kind.name(),
            at: event.at_ms,
            prev: event.prev,
            payload: event.payload,
            hash: event.hash(),
            salt: None,
            body: None,
        }
    }
}

impl<'a> ShownEvent<'a> {
    /// The event with its salt and body.
    pub(crate) fn opened(stored: &'a StoredEvent) -> Self {
        Self {
            salt: Some(stored.opening.salt),
            body: Some(&stored.opening.body),
            ..Self::from(&stored.event)
        }
    }
}

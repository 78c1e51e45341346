//! Keys in a list, as the API shows them; never a code.

use alloy_primitives::B256;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Hash, KeyState};
use crate::domain::key::KeySummary;

/// A key in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ListedKey)]
pub(crate) struct ShownListedKey {
    /// The key's id.
    #[schema(value_type = Hash)]
    key_id: B256,
    /// The kind of its newest event.
    #[schema(value_type = KeyState)]
    state: &'static str,
    /// That event's version.
    #[schema(minimum = 1)]
    version: u32,
    /// That event's time, Unix milliseconds.
    at: u64,
    /// The batch that it belongs to.
    batch: Uuid,
    /// The order that it was sold with.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Uuid>,
}

impl From<&KeySummary> for ShownListedKey {
    fn from(key: &KeySummary) -> Self {
        Self {
            key_id: key.key_id,
            state: key.state.name(),
            version: key.version,
            at: key.at_ms,
            batch: key.batch.0,
            order: key.order.map(|order| order.0),
        }
    }
}

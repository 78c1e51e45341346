//! Holds: ranges of a pool's slots that are kept for somebody.

use sqlx::{FromRow, PgExecutor};
use uuid::Uuid;

use super::{StoreError, column};
use crate::domain::hold::{Hold, HoldOwner};
use crate::domain::id::OrderId;
use crate::domain::pool::Place;

#[derive(FromRow)]
struct HoldRow {
    id: i64,
    owner_kind: String,
    owner_id: Uuid,
    owner_line: Option<i16>,
    expires_at_ms: i64,
}

/// The hold that keeps the key in that place. Only a transaction that has locked the pool can rely on the answer.
///
/// # Errors
/// The database's.
pub async fn hold_find_slot(executor: impl PgExecutor<'_>, place: Place) -> Result<Option<Hold>, StoreError> {
    let row: Option<HoldRow> = sqlx::query_as(include_str!("sql/hold_find_slot.sql"))
        .bind(place.pool)
        .bind(place.slot)
        .fetch_optional(executor)
        .await?;
    row.map(Hold::try_from).transpose()
}

impl TryFrom<HoldRow> for Hold {
    type Error = StoreError;

    fn try_from(row: HoldRow) -> Result<Self, StoreError> {
        let owner = match (row.owner_kind.as_str(), row.owner_line) {
            ("order_line", Some(line)) => HoldOwner::OrderLine {
                order: OrderId(row.owner_id),
                line,
            },
            ("branch", None) => HoldOwner::Branch(row.owner_id),
            ("claim", None) => HoldOwner::Claim(row.owner_id),
            _ => return Err(column::inconsistent("holds", "owner_kind", &row.id)),
        };
        Ok(Self {
            id: row.id,
            owner,
            expires_at_ms: row.expires_at_ms,
        })
    }
}

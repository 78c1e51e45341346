//! Holds: ranges of a pool's slots that are kept for somebody.

use sqlx::{FromRow, PgConnection, PgExecutor};
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

/// Gives the keys that are held for orders back to their pools, behind all others, and ends the holds. Returns how many
/// keys. The orders must be locked; the pools are locked here.
///
/// # Errors
/// The database's.
pub async fn hold_release(connection: &mut PgConnection, orders: &[OrderId]) -> Result<i64, StoreError> {
    let ids: Vec<_> = orders.iter().map(|order| order.0).collect();
    let pools: Vec<i32> = sqlx::query_scalar(include_str!("sql/hold_lock_pools.sql"))
        .bind(&ids)
        .fetch_all(&mut *connection)
        .await?;
    if pools.is_empty() {
        return Ok(0);
    }
    // A statement of its own: what it reads of the pools is read after they are locked.
    Ok(sqlx::query_scalar(include_str!("sql/hold_release.sql"))
        .bind(&ids)
        .fetch_one(connection)
        .await?)
}

/// Locks the pools of what is held for orders, without waiting. Returns the orders that hold something in a pool that
/// somebody else has locked.
///
/// # Errors
/// The database's.
pub async fn hold_try_lock(connection: &mut PgConnection, orders: &[OrderId]) -> Result<Vec<OrderId>, StoreError> {
    let ids: Vec<_> = orders.iter().map(|order| order.0).collect();
    let pools: Vec<i32> = sqlx::query_scalar(include_str!("sql/hold_try_lock.sql"))
        .bind(&ids)
        .fetch_all(&mut *connection)
        .await?;
    let others: Vec<Uuid> = sqlx::query_scalar(include_str!("sql/hold_in_others.sql"))
        .bind(&ids)
        .bind(pools)
        .fetch_all(connection)
        .await?;
    Ok(others.into_iter().map(OrderId).collect())
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

//! Which tokens of an order were revoked.

use sqlx::{PgConnection, PgExecutor};

use super::StoreError;
use super::column::whole;
use crate::domain::id::OrderId;
use crate::domain::order_token::Revoked;

/// What was revoked of the order's tokens; `None` where nothing was, or there is no such order.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn order_token_revoked(executor: impl PgExecutor<'_>, order: OrderId) -> Result<Option<Revoked>, StoreError> {
    let row: Option<(i32, i64)> = sqlx::query_as(include_str!("sql/order_token_revoked.sql"))
        .bind(order.0)
        .fetch_optional(executor)
        .await?;
    row.map(|(generation, at_ms)| revoked(order, generation, at_ms))
        .transpose()
}

/// Revokes the order's token that is valid now. The order must be locked.
///
/// # Errors
/// As [`order_token_revoked`], or where there is no such order.
pub async fn order_token_revoke(
    connection: &mut PgConnection,
    order: OrderId,
    now_ms: i64,
) -> Result<Revoked, StoreError> {
    let generation: i32 = sqlx::query_scalar(include_str!("sql/order_token_revoke.sql"))
        .bind(order.0)
        .bind(now_ms)
        .fetch_one(connection)
        .await?;
    revoked(order, generation, now_ms)
}

fn revoked(order: OrderId, generation: i32, at_ms: i64) -> Result<Revoked, StoreError> {
    Ok(Revoked {
        generation: whole("revoked_order_tokens", "generation", generation, &order)?,
        at_ms,
    })
}

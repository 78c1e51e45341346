//! What guests find their orders again with.

use alloy_primitives::B256;
use sqlx::{FromRow, PgExecutor};

use super::StoreError;
use super::column::{inconsistent, optional};
use super::order::OrderRow;
use crate::domain::id::OrderId;
use crate::domain::order::Order;
use crate::domain::order_token::{FIRST, OrderToken};

#[derive(FromRow)]
struct GuestOrderRow {
    #[sqlx(flatten)]
    order: OrderRow,
    revoked: Option<i32>,
}

/// Keeps the hash that opens an order, once.
///
/// # Errors
/// The database's.
pub async fn guest_lookup_insert(
    executor: impl PgExecutor<'_>,
    order: OrderId,
    lookup: B256,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/guest_lookup_insert.sql"))
        .bind(order.0)
        .bind(lookup.as_slice())
        .execute(executor)
        .await?;
    Ok(())
}

/// At most `limit` of the orders that the hash opens, newest first, each with its valid token.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn guest_order_list(
    executor: impl PgExecutor<'_>,
    lookup: B256,
    limit: u32,
) -> Result<Vec<(Order, OrderToken)>, StoreError> {
    let rows: Vec<GuestOrderRow> = sqlx::query_as(include_str!("sql/guest_order_list.sql"))
        .bind(lookup.as_slice())
        .bind(i64::from(limit))
        .fetch_all(executor)
        .await?;
    let orders = rows.into_iter().map(|row| {
        let order = row.order.into_order()?;
        let revoked: Option<u32> = optional("revoked_order_tokens", "generation", row.revoked, &order.id)?;
        let generation = revoked.map_or(Some(FIRST), |revoked| revoked.checked_add(1));
        let generation = generation.ok_or_else(|| inconsistent("revoked_order_tokens", "generation", &order.id))?;
        let token = OrderToken {
            order: order.id,
            generation,
        };
        Ok((order, token))
    });
    orders.collect()
}

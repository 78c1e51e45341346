//! Orders in their present state.

use std::fmt::Write;

use alloy_primitives::B256;
use serde::Deserialize;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use super::column::{bytes, inconsistent, whole};
use super::key::Advanced;
use crate::domain::id::{AccountId, OrderId, ProductId, SkuId};
use crate::domain::money::Currency;
use crate::domain::order::{Amounts, Customer, Fulfilment, Line, Order, OrderStatus, SalesChannel};

#[derive(FromRow)]
pub(super) struct OrderRow {
    id: Uuid,
    account_id: Option<Uuid>,
    guest: Option<Vec<u8>>,
    channel: String,
    buyer: Option<Vec<u8>>,
    state: String,
    version: i32,
    reason: Option<String>,
    /// The array as JSON.
    lines: String,
    subtotal_minor: i64,
    discount_minor: i64,
    currency: String,
    expires_at_ms: Option<i64>,
    created_at_ms: i64,
}

/// An element of `orders.lines`, as PostgreSQL writes it as JSON.
#[derive(Deserialize)]
struct LineRow {
    product_id: Uuid,
    sku_id: Option<Uuid>,
    quantity: u32,
    unit_minor: i64,
    discount_minor: i64,
    fulfilment: String,
}

impl OrderRow {
    pub(super) fn into_order(self) -> Result<Order, StoreError> {
        let id = self.id;
        let wrong = |column| inconsistent("orders", column, &id);
        let hash = |column, value: Vec<u8>| bytes("orders", column, &value, &id).map(B256::from);
        let customer = match (self.account_id, self.guest) {
            (Some(account), None) => Customer::Account(AccountId(account)),
            (None, Some(guest)) => Customer::Guest(hash("guest", guest)?),
            _ => return Err(wrong("account_id")),
        };
        let lines: Vec<LineRow> = serde_json::from_str(&self.lines).map_err(|_| wrong("lines"))?;
        let lines = lines
            .into_iter()
            .map(|line| line.into_line().ok_or_else(|| wrong("lines")));
        Ok(Order {
            id: OrderId(id),
            customer,
            channel: SalesChannel::from_name(&self.channel).ok_or_else(|| wrong("channel"))?,
            buyer: self.buyer.map(|buyer| hash("buyer", buyer)).transpose()?,
            status: OrderStatus::from_names(&self.state, self.reason.as_deref()).ok_or_else(|| wrong("state"))?,
            version: whole("orders", "version", self.version, &id)?,
            lines: lines.collect::<Result<_, _>>()?,
            amounts: Currency::from_code(&self.currency).map(|currency| Amounts {
                currency,
                subtotal_minor: self.subtotal_minor,
                discount_minor: self.discount_minor,
            }),
            expires_at_ms: self
                .expires_at_ms
                .map(|at_ms| whole("orders", "expires_at_ms", at_ms, &id))
                .transpose()?,
            created_at_ms: whole("orders", "created_at_ms", self.created_at_ms, &id)?,
        })
    }
}

impl LineRow {
    fn into_line(self) -> Option<Line> {
        Some(Line {
            product: ProductId(self.product_id),
            sku: self.sku_id.map(SkuId),
            quantity: self.quantity,
            unit_minor: self.unit_minor,
            discount_minor: self.discount_minor,
            fulfilment: Fulfilment::from_name(&self.fulfilment)?,
        })
    }
}

/// An order's lines as a literal of `shop.order_line[]`. Nothing in it needs escaping: ids, numbers and names of states.
pub(super) fn lines_literal(lines: &[Line]) -> String {
    let mut text = String::with_capacity(2 + 130 * lines.len());
    text.push('{');
    for (at, line) in lines.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{comma}\"({},{},{},{},{},{},{})\"",
            line.product,
            line.sku.map_or_else(String::new, |sku| sku.to_string()),
            line.quantity,
            line.unit_minor,
            line.discount_minor,
            line.net_minor(),
            line.fulfilment.name(),
        );
    }
    text.push('}');
    text
}

/// The order of that id.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn order_get(executor: impl PgExecutor<'_>, order: OrderId) -> Result<Option<Order>, StoreError> {
    let row: Option<OrderRow> = sqlx::query_as(include_str!("sql/order_get.sql"))
        .bind(order.0)
        .fetch_optional(executor)
        .await?;
    row.map(OrderRow::into_order).transpose()
}

/// The order that got the key of that id.
///
/// # Errors
/// Where the database fails.
pub async fn order_find_by_key(executor: impl PgExecutor<'_>, key_id: &B256) -> Result<Option<OrderId>, StoreError> {
    let found: Option<Uuid> = sqlx::query_scalar(include_str!("sql/order_find_by_key.sql"))
        .bind(key_id.as_slice())
        .fetch_optional(executor)
        .await?;
    Ok(found.map(OrderId))
}

/// The order of that id, locked until the transaction ends.
///
/// # Errors
/// As [`order_get`].
pub async fn order_lock(connection: &mut PgConnection, order: OrderId) -> Result<Option<Order>, StoreError> {
    let row: Option<OrderRow> = sqlx::query_as(include_str!("sql/order_lock.sql"))
        .bind(order.0)
        .fetch_optional(connection)
        .await?;
    row.map(OrderRow::into_order).transpose()
}

/// Unpaid orders whose time is over at `now_ms`, Unix milliseconds, but for `except`: at most `limit`, locked until the
/// transaction ends. A damaged row is an error in its own place.
///
/// # Errors
/// The database's.
pub async fn order_due(
    connection: &mut PgConnection,
    now_ms: u64,
    limit: i64,
    except: &[OrderId],
) -> Result<Vec<Result<Order, (OrderId, StoreError)>>, StoreError> {
    let rows: Vec<OrderRow> = sqlx::query_as(include_str!("sql/order_due.sql"))
        .bind(now_ms.cast_signed())
        .bind(limit)
        .bind(except.iter().map(|order| order.0).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let read = |row: OrderRow| {
        let id = OrderId(row.id);
        row.into_order().map_err(|error| (id, error))
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Writes the state, version and lines of an order that a transition changed.
///
/// # Errors
/// Where the database fails, or the schema knows no such transition.
pub async fn order_update(connection: &mut PgConnection, order: &Order) -> Result<Advanced, StoreError> {
    let done = sqlx::query(include_str!("sql/order_update.sql"))
        .bind(order.id.0)
        .bind(order.status.name())
        .bind(order.version.cast_signed())
        .bind(lines_literal(&order.lines))
        .execute(connection)
        .await?;
    Ok(if done.rows_affected() == 1 {
        Advanced::Updated
    } else {
        Advanced::Stale
    })
}

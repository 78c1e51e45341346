//! Lists of orders: one statement for each way to find them, all with the same parameters first.

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryAs;
use sqlx::{FromRow, PgExecutor, Postgres};
use uuid::Uuid;

use super::StoreError;
use super::order::OrderRow;
use super::walk::{Bounds, Columns, Looked};
use crate::domain::id::{AccountId, OrderId, ProductId};
use crate::domain::order::{Order, OrderFilter};
use crate::domain::search::IdRange;

/// A part of the list of orders, which is by batch and then by id, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderSpan {
    /// It begins after the order of that batch and id.
    pub after: (i64, Uuid),
    /// It ends with that batch.
    pub lowest_batch: i64,
}

/// Where orders are looked for.
#[derive(Clone, Copy, Debug)]
pub enum OrderSource {
    /// Among all: of so many customers at once, and of each so many orders at most.
    All { customers: u32, each: u32 },
    /// Among those of the filter's account.
    Account,
    /// Among those in the filter's state, which is another than delivered.
    State,
    /// Among those that took keys from a pool: the takes that end at the first of these slots or later, and before the last.
    Pool { pool: i32, first_end: i64, last_end: i64 },
    /// Among those of these ids.
    Ids(IdRange<OrderId>),
}

#[derive(FromRow)]
struct ListRow {
    #[sqlx(flatten)]
    order: OrderRow,
    #[sqlx(flatten)]
    columns: Columns,
}

/// The orders of a span from that source, newest first: those that match, and the last that was looked at.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn order_list(
    executor: impl PgExecutor<'_>,
    source: OrderSource,
    span: OrderSpan,
    filter: &OrderFilter,
    bounds: Bounds,
) -> Result<Vec<Looked<Order>>, StoreError> {
    let bound = |sql: &'static str| bind::<ListRow>(sql, span, filter, bounds);
    let query = match source {
        OrderSource::All { customers, each } => bound(include_str!("sql/order_list_all.sql"))
            .bind(i64::from(customers))
            .bind(i64::from(each)),
        OrderSource::Account => bound(include_str!("sql/order_list.sql")),
        OrderSource::State => bound(include_str!("sql/order_list_in_state.sql")),
        OrderSource::Pool {
            pool,
            first_end,
            last_end,
        } => bound(include_str!("sql/order_list_of_product.sql"))
            .bind(pool)
            .bind(first_end)
            .bind(last_end),
        OrderSource::Ids(range) => bound(include_str!("sql/order_list_by_id.sql"))
            .bind(range.first.0)
            .bind(range.last.0),
    };
    let rows = query.fetch_all(executor).await?;
    let looked = |row: ListRow| Ok(row.columns.with(row.order.into_order()?));
    rows.into_iter().map(looked).collect()
}

/// The parameters that each of the statements has.
fn bind<T: for<'r> FromRow<'r, PgRow>>(
    sql: &'static str,
    span: OrderSpan,
    filter: &OrderFilter,
    bounds: Bounds,
) -> QueryAs<'static, Postgres, T, PgArguments> {
    sqlx::query_as(sql)
        .bind(span.after.0)
        .bind(span.after.1)
        .bind(span.lowest_batch)
        .bind(i64::from(bounds.looked))
        .bind(bounds.returned())
        .bind(filter.state)
        .bind(filter.product.map(|id| id.0))
        .bind(filter.account.map(|id| id.0))
        .bind(filter.from_ms.map(u64::cast_signed))
        .bind(filter.until_ms.map(u64::cast_signed))
}

/// The batch of an order, if it is that account's, where one is given.
///
/// # Errors
/// The database's.
pub async fn order_position(
    executor: impl PgExecutor<'_>,
    order: OrderId,
    account: Option<AccountId>,
) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar(include_str!("sql/order_position.sql"))
        .bind(order.0)
        .bind(account.map(|id| id.0))
        .fetch_optional(executor)
        .await?)
}

/// The first batch that was planned at `from_ms` or later, and the last before `until_ms`. The numbers of batches follow
/// their times, but for `apart_ms`.
///
/// # Errors
/// The database's.
pub async fn sale_batch_range(
    executor: impl PgExecutor<'_>,
    from_ms: i64,
    until_ms: i64,
    apart_ms: i64,
) -> Result<(i64, i64), StoreError> {
    Ok(sqlx::query_as(include_str!("sql/sale_batch_range.sql"))
        .bind(from_ms)
        .bind(until_ms)
        .bind(apart_ms)
        .fetch_one(executor)
        .await?)
}

/// The house's pool of a product, and the first slot behind the takes from it that batches up to that one wrote.
///
/// # Errors
/// The database's.
pub async fn take_find(
    executor: impl PgExecutor<'_>,
    product: ProductId,
    batch: i64,
) -> Result<Option<(i32, i64)>, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/take_find.sql"))
        .bind(product.0)
        .bind(batch)
        .fetch_optional(executor)
        .await?)
}

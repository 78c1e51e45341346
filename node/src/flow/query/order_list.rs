//! Lists of orders, newest first.
//!
//! No index serves every filter: each would be written at every sale. A list takes the narrowest way that its filter
//! leaves ([`OrderSource`]), and looks at a bounded number of orders along it.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::page::{Filling, Found, LOOKED_MAX, ListError};
use crate::domain::clock::MAX_DRIFT_MS;
use crate::domain::id::{OrderId, ProductId};
use crate::domain::order::{Order, OrderFilter, OrderStatus};
use crate::domain::search::{IdRange, OrderTerm};
use crate::store::StoreError;
use crate::store::order::order_find_by_key;
use crate::store::order_list::{OrderSource, OrderSpan, order_list, order_position, sale_batch_range, take_find};

/// How far the numbers of two batches may be in another order than their times: by two clocks, and by how long a batch
/// takes from its plan to its rows.
const APART_MS: i64 = 3 * MAX_DRIFT_MS.cast_signed();

/// Where the orders of all are merged: of how many customers at once, and how many of each. Together they are about as many
/// as a page looks at.
const CUSTOMERS: u32 = 40;
const OF_EACH: u32 = LOOKED_MAX / CUSTOMERS;

/// A page of the orders that meet a filter, newest first, after that order. Whoever may see one account's orders alone
/// gives it in the filter, and learns of no other order.
///
/// # Errors
/// `Cursor` where there is no order `after`, or it is of another account than the filter's.
pub async fn list_orders(
    pool: &PgPool,
    filter: &OrderFilter,
    after: Option<OrderId>,
    limit: u32,
) -> Result<Found<Order, OrderId>, ListError> {
    let mut connection = pool.acquire().await?;
    let mut span = span(&mut connection, filter, after).await?;
    let Some(source) = source(&mut connection, filter, span).await? else {
        return Ok(Found::empty());
    };
    let mut page = Filling::new(limit, |order: &Order| order.id);
    let mut looked = 0;
    loop {
        let bounds = page.bounds(LOOKED_MAX - looked);
        let rows = order_list(&mut *connection, source, span, filter, bounds).await?;
        match page.add(rows, looked) {
            Some((last, Some(all))) if all < LOOKED_MAX => {
                looked = all;
                span.after = position(&mut connection, filter, last).await?;
            }
            end => return Ok(page.end(end)),
        }
    }
}

/// An order's place in the list.
async fn position(
    connection: &mut PgConnection,
    filter: &OrderFilter,
    order: OrderId,
) -> Result<(i64, Uuid), ListError> {
    let batch = order_position(connection, order, filter.account).await?;
    Ok((batch.ok_or(ListError::Cursor)?, order.0))
}

/// The part of the list that is left: after the cursor, and within the time.
async fn span(
    connection: &mut PgConnection,
    filter: &OrderFilter,
    after: Option<OrderId>,
) -> Result<OrderSpan, ListError> {
    let mut span = OrderSpan {
        after: (i64::MAX, Uuid::max()),
        lowest_batch: 0,
    };
    if let Some(order) = after {
        span.after = position(connection, filter, order).await?;
    }
    if filter.from_ms.is_some() || filter.until_ms.is_some() {
        // Half of what fits, so that the distance can be added.
        let at_ms = |time: Option<u64>, default| time.map_or(default, u64::cast_signed).clamp(0, i64::MAX / 2);
        let (from_ms, until_ms) = (at_ms(filter.from_ms, 0), at_ms(filter.until_ms, i64::MAX));
        let (first, last) = sale_batch_range(connection, from_ms, until_ms, APART_MS).await?;
        span.lowest_batch = first;
        span.after = span.after.min((last, Uuid::max()));
    }
    Ok(span)
}

/// Where the orders of a filter are looked for; `None` where there can be none.
async fn source(
    connection: &mut PgConnection,
    filter: &OrderFilter,
    span: OrderSpan,
) -> Result<Option<OrderSource>, StoreError> {
    match filter.search {
        Some(OrderTerm::Order(range)) => return Ok(Some(OrderSource::Ids(range))),
        Some(OrderTerm::Key(key)) => {
            let only = |order| IdRange {
                first: order,
                last: order,
            };
            let order = order_find_by_key(connection, &key).await?;
            return Ok(order.map(only).map(OrderSource::Ids));
        }
        None => {}
    }
    let is_delivered = filter.state.is_none_or(|state| state == OrderStatus::Delivered.name());
    Ok(Some(match filter.product {
        _ if filter.account.is_some() => OrderSource::Account,
        _ if !is_delivered => OrderSource::State,
        Some(product) => return pool_of(connection, product, span).await,
        None => OrderSource::All {
            customers: CUSTOMERS,
            each: OF_EACH,
        },
    }))
}

/// The takes from a product's pool that batches of the span wrote.
async fn pool_of(
    connection: &mut PgConnection,
    product: ProductId,
    span: OrderSpan,
) -> Result<Option<OrderSource>, StoreError> {
    let first = take_find(&mut *connection, product, span.lowest_batch - 1).await?;
    let last = take_find(connection, product, span.after.0).await?;
    Ok(first
        .zip(last)
        .map(|((pool, first_end), (_, last_end))| OrderSource::Pool {
            pool,
            first_end,
            last_end,
        }))
}

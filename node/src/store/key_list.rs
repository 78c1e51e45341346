//! Lists of keys, by batch and then by number; never a code.

use alloy_primitives::B256;
use shelfproof_verifier::event::Kind;
use sqlx::{FromRow, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use super::column::{bytes, kind, whole};
use super::walk::{Bounds, Columns, Looked};
use crate::domain::id::{BatchId, OrderId, ProductId};
use crate::domain::key::{KeyCursor, KeyFilter, KeySummary};

#[derive(FromRow)]
struct KeyRow {
    no: i64,
    key_id: Vec<u8>,
    batch_id: Uuid,
    state: i16,
    version: i32,
    at_ms: i64,
    order_id: Option<Uuid>,
    #[sqlx(flatten)]
    columns: Columns,
}

impl KeyRow {
    fn looked(self) -> Result<Looked<KeySummary>, StoreError> {
        let no = self.no;
        let key = KeySummary {
            key_no: no,
            key_id: B256::from(bytes("keys", "key_id", &self.key_id, &no)?),
            batch: BatchId(self.batch_id),
            state: kind("keys", self.state, &no)?,
            version: whole("keys", "version", self.version, &no)?,
            at_ms: whole("keys", "head_at_ms", self.at_ms, &no)?,
            order: self.order_id.map(OrderId),
        };
        Ok(self.columns.with(key))
    }
}

fn number(state: Kind) -> i16 {
    i16::from(state as u8)
}

/// The keys of a batch after that number: those in the state, and the last that was looked at.
///
/// # Errors
/// The database's, and a row that this program never writes.
pub async fn key_list(
    executor: impl PgExecutor<'_>,
    after: KeyCursor,
    state: Option<Kind>,
    bounds: Bounds,
) -> Result<Vec<Looked<KeySummary>>, StoreError> {
    let rows: Vec<KeyRow> = sqlx::query_as(include_str!("sql/key_list.sql"))
        .bind(after.batch.0)
        .bind(after.no)
        .bind(i64::from(bounds.looked))
        .bind(bounds.returned())
        .bind(state.map(number))
        .fetch_all(executor)
        .await?;
    rows.into_iter().map(KeyRow::looked).collect()
}

/// At most `rows` keys that meet a filter with a search term or an order.
///
/// # Errors
/// As [`key_list`].
pub async fn key_list_named(
    executor: impl PgExecutor<'_>,
    after: KeyCursor,
    filter: &KeyFilter,
    rows: u32,
) -> Result<Vec<Looked<KeySummary>>, StoreError> {
    let query = if filter.search.is_some() {
        sqlx::query_as(include_str!("sql/key_list_by_id.sql"))
    } else {
        sqlx::query_as(include_str!("sql/key_list_of_order.sql"))
    };
    let mut query = query
        .bind(after.batch.0)
        .bind(after.no)
        .bind(i64::from(rows))
        .bind(filter.state.map(number))
        .bind(filter.batch.map(|id| id.0))
        .bind(filter.product.map(|id| id.0))
        .bind(filter.order.map(|id| id.0));
    if let Some(range) = &filter.search {
        query = query.bind(range.first.as_slice()).bind(range.last.as_slice());
    }
    let rows: Vec<KeyRow> = query.fetch_all(executor).await?;
    rows.into_iter().map(KeyRow::looked).collect()
}

/// At most `limit` batches from that id on, oldest first, each with the number of keys that came in with it; of one product, and only that batch, where these are given.
///
/// # Errors
/// The database's.
pub async fn batch_walk(
    executor: impl PgExecutor<'_>,
    product: Option<ProductId>,
    from: BatchId,
    only: Option<BatchId>,
    limit: i64,
) -> Result<Vec<(BatchId, u32)>, StoreError> {
    let rows: Vec<(Uuid, i64)> = sqlx::query_as(include_str!("sql/batch_walk.sql"))
        .bind(product.map(|id| id.0))
        .bind(from.0)
        .bind(only.map(|id| id.0))
        .bind(limit)
        .fetch_all(executor)
        .await?;
    let batch = |(id, keys)| (BatchId(id), u32::try_from(keys).unwrap_or(u32::MAX));
    Ok(rows.into_iter().map(batch).collect())
}

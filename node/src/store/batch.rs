//! Batches, and the lines that an import refused. What an import itself writes is in [`super::import`].

use alloy_primitives::B256;
use shelfproof_verifier::event::Kind;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use super::column::{bytes, kind};
use super::walk::{Bounds, Columns, Looked};
use crate::domain::batch::{Batch, BatchFilter, BatchKey, BatchState, RefusedLine};
use crate::domain::id::{BatchId, ProductId};

#[derive(FromRow)]
struct BatchRow {
    id: Uuid,
    product_id: Uuid,
    name: String,
    supplier: String,
    lines: i64,
    imported: i64,
    refused: i64,
    activated: i64,
    unwrapped: i64,
    cleaned: i64,
    returned: i64,
    is_complete: bool,
    created_at_ms: i64,
    withdrawn_at_ms: Option<i64>,
}

impl From<BatchRow> for Batch {
    fn from(row: BatchRow) -> Self {
        Self {
            id: BatchId(row.id),
            product: ProductId(row.product_id),
            name: row.name,
            supplier: row.supplier,
            lines: row.lines,
            imported: row.imported,
            refused: row.refused,
            activated: row.activated,
            unwrapped: row.unwrapped,
            cleaned: row.cleaned,
            returned: row.returned,
            is_complete: row.is_complete,
            created_at_ms: row.created_at_ms,
            withdrawn_at_ms: row.withdrawn_at_ms,
        }
    }
}

/// A locked batch, as activation needs it.
#[derive(Debug, FromRow)]
pub struct LockedBatch {
    pub name: String,
    /// Keys that were imported.
    #[sqlx(try_from = "i64")]
    pub imported: u64,
    /// Those of them that were activated.
    #[sqlx(try_from = "i64")]
    pub activated: u64,
    /// Whether its whole file was imported.
    pub is_complete: bool,
    /// Whether it was withdrawn.
    pub is_withdrawn: bool,
}

/// # Errors
/// The database's.
pub async fn batch_get(database: impl PgExecutor<'_>, id: BatchId) -> Result<Option<Batch>, StoreError> {
    let row: Option<BatchRow> = sqlx::query_as(include_str!("sql/batch_get.sql"))
        .bind(id.0)
        .fetch_optional(database)
        .await?;
    Ok(row.map(Batch::from))
}

#[derive(FromRow)]
struct ListRow {
    #[sqlx(flatten)]
    batch: BatchRow,
    #[sqlx(flatten)]
    columns: Columns,
}

/// Batches after that id, oldest first: those that match, and the last that was looked at.
///
/// # Errors
/// The database's.
pub async fn batch_list(
    database: impl PgExecutor<'_>,
    after: BatchId,
    filter: &BatchFilter,
    bounds: Bounds,
) -> Result<Vec<Looked<Batch>>, StoreError> {
    let rows: Vec<ListRow> = sqlx::query_as(include_str!("sql/batch_list.sql"))
        .bind(after.0)
        .bind(i64::from(bounds.looked))
        .bind(bounds.returned())
        .bind(filter.product.map(|id| id.0))
        .bind(&filter.supplier)
        .bind(filter.state.map(BatchState::name))
        .bind(&filter.search)
        .fetch_all(database)
        .await?;
    let looked = |row: ListRow| row.columns.with(Batch::from(row.batch));
    Ok(rows.into_iter().map(looked).collect())
}

/// At most `limit` refused lines of a batch after that line.
///
/// # Errors
/// The database's.
pub async fn refused_line_list(
    database: impl PgExecutor<'_>,
    batch: BatchId,
    after_line: i64,
    limit: u32,
) -> Result<Vec<RefusedLine>, StoreError> {
    let rows: Vec<(i64, String, String)> = sqlx::query_as(include_str!("sql/refused_line_list.sql"))
        .bind(batch.0)
        .bind(after_line)
        .bind(i64::from(limit))
        .fetch_all(database)
        .await?;
    let lines = rows.into_iter();
    Ok(lines
        .map(|(line, reason, detail)| RefusedLine { line, reason, detail })
        .collect())
}

/// Locks a batch until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn batch_lock_to_activate(
    connection: &mut PgConnection,
    batch: BatchId,
) -> Result<Option<LockedBatch>, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/batch_lock_to_activate.sql"))
        .bind(batch.0)
        .fetch_optional(connection)
        .await?)
}

/// Adds to the count of a locked batch's activated keys.
///
/// # Errors
/// The database's.
pub async fn batch_count_activated(
    connection: &mut PgConnection,
    batch: BatchId,
    keys: usize,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/batch_count_activated.sql"))
        .bind(batch.0)
        .bind((keys as u64).cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

/// How many keys of a batch were not activated, nor voided.
///
/// # Errors
/// The database's.
pub async fn batch_count_generated(database: impl PgExecutor<'_>, batch: BatchId) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar(include_str!("sql/batch_count_generated.sql"))
        .bind(batch.0)
        .bind(i16::from(Kind::Generated as u8))
        .fetch_one(database)
        .await?;
    Ok(count.unsigned_abs())
}

/// Withdraws a locked batch; without effect where it was withdrawn before.
///
/// # Errors
/// The database's.
pub async fn batch_withdraw(connection: &mut PgConnection, batch: BatchId, at_ms: u64) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/batch_withdraw.sql"))
        .bind(batch.0)
        .bind(at_ms.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct KeyRow {
    no: i64,
    key_id: Vec<u8>,
    state: i16,
    line: i64,
    moved_to: Option<Uuid>,
}

/// At most `limit` keys of a batch's file after that number.
///
/// # Errors
/// The database's, and a row that this program never writes.
pub async fn batch_key_list(
    database: impl PgExecutor<'_>,
    batch: BatchId,
    after: i64,
    limit: u32,
) -> Result<Vec<BatchKey>, StoreError> {
    let rows: Vec<KeyRow> = sqlx::query_as(include_str!("sql/batch_key_list.sql"))
        .bind(batch.0)
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(database)
        .await?;
    let key = |row: KeyRow| {
        Ok(BatchKey {
            no: row.no,
            key_id: B256::from(bytes("keys", "key_id", &row.key_id, &row.no)?),
            line: row.line,
            state: kind("keys", row.state, &row.no)?,
            moved_to: row.moved_to.map(BatchId),
        })
    };
    rows.into_iter().map(key).collect()
}

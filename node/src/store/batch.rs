//! Batches as they stand, and the lines that an import refused.

use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use crate::domain::id::{BatchId, ProductId};

/// What one import brought.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Batch {
    /// Its id.
    #[sqlx(try_from = "Uuid")]
    pub id: BatchId,
    /// Whose keys they are.
    #[sqlx(rename = "product_id", try_from = "Uuid")]
    pub product: ProductId,
    /// Its name, the only one of the product.
    pub name: String,
    /// Who delivered it; may be empty.
    pub supplier: String,
    /// Lines read so far.
    pub lines: i64,
    /// Keys they brought.
    pub imported: i64,
    /// Lines refused.
    pub refused: i64,
    /// Keys that were put on the shelf.
    pub activated: i64,
    /// Whether the whole file was read.
    pub is_complete: bool,
    /// When it was begun, Unix milliseconds.
    pub created_at_ms: i64,
}

/// A line that an import did not take; never what stood on it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RefusedLine {
    /// Its number in the file, from 1.
    pub line: i64,
    /// Why, as a code.
    pub reason: String,
    /// Why, in words.
    pub detail: String,
}

/// A batch, as far as activating it needs.
#[derive(Debug, FromRow)]
pub struct LockedBatch {
    /// Its name.
    pub name: String,
    /// Keys that it brought.
    #[sqlx(try_from = "i64")]
    pub imported: u64,
    /// Those that were activated.
    #[sqlx(try_from = "i64")]
    pub activated: u64,
    /// Whether its whole file was imported.
    pub is_complete: bool,
}

/// The batch of that id.
///
/// # Errors
/// The database's.
pub async fn batch_get(database: impl PgExecutor<'_>, id: BatchId) -> Result<Option<Batch>, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/batch_get.sql"))
        .bind(id.0)
        .fetch_optional(database)
        .await?)
}

/// At most `limit` batches after that one, by id: oldest first; of one product, or of all.
///
/// # Errors
/// The database's.
pub async fn batch_list(
    database: impl PgExecutor<'_>,
    product: Option<ProductId>,
    after: Option<BatchId>,
    limit: u32,
) -> Result<Vec<Batch>, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/batch_list.sql"))
        .bind(product.map(|id| id.0))
        .bind(after.map(|id| id.0))
        .bind(i64::from(limit))
        .fetch_all(database)
        .await?)
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
    Ok(sqlx::query_as(include_str!("sql/refused_line_list.sql"))
        .bind(batch.0)
        .bind(after_line)
        .bind(i64::from(limit))
        .fetch_all(database)
        .await?)
}

/// A batch; nobody else moves it until the transaction ends.
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

/// Counts that many more of a locked batch's keys as activated.
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

//! Batches, and the lines that an import refused. What an import itself writes is in [`super::import`].

use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use crate::domain::id::{BatchId, ProductId};

/// One imported file.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Batch {
    #[sqlx(try_from = "Uuid")]
    pub id: BatchId,
    /// What its keys are stock of.
    #[sqlx(rename = "product_id", try_from = "Uuid")]
    pub product: ProductId,
    /// Unique among the product's batches.
    pub name: String,
    /// May be empty.
    pub supplier: String,
    /// Lines read so far.
    pub lines: i64,
    /// Keys made of them.
    pub imported: i64,
    /// Lines that were refused.
    pub refused: i64,
    /// Keys that were put on sale.
    pub activated: i64,
    /// Whether the whole file was read.
    pub is_complete: bool,
    /// Unix milliseconds.
    pub created_at_ms: i64,
}

/// A line that an import refused; never its content.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RefusedLine {
    /// Its number in the file, from 1.
    pub line: i64,
    /// For programs.
    pub reason: String,
    /// For people.
    pub detail: String,
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
}

/// # Errors
/// The database's.
pub async fn batch_get(database: impl PgExecutor<'_>, id: BatchId) -> Result<Option<Batch>, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/batch_get.sql"))
        .bind(id.0)
        .fetch_optional(database)
        .await?)
}

/// At most `limit` batches after that id, oldest first; of one product or of all.
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

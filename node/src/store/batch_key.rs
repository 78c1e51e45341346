//! The data keys of batches, which a new master key wraps again. A data key encrypts the goods of its batch.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use crate::domain::goods::WrappedKey;
use crate::domain::id::BatchId;

/// How many data keys are wrapped by a master key of an older generation.
///
/// # Errors
/// The database's.
pub async fn batch_key_count(executor: impl PgExecutor<'_>, master: i32) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar(include_str!("sql/batch_key_count.sql"))
        .bind(master)
        .fetch_one(executor)
        .await?;
    Ok(count.unsigned_abs())
}

/// Locks at most `limit` batches whose data keys are wrapped by a master key of an older generation, in the order of their
/// ids, and returns those data keys.
///
/// # Errors
/// The database's.
pub async fn batch_key_lock(
    connection: &mut PgConnection,
    master: i32,
    limit: i64,
) -> Result<Vec<(BatchId, WrappedKey)>, StoreError> {
    let rows: Vec<(Uuid, Vec<u8>, i32)> = sqlx::query_as(include_str!("sql/batch_key_lock.sql"))
        .bind(master)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    let keys = rows.into_iter();
    Ok(keys
        .map(|(id, wrapped, master)| (BatchId(id), WrappedKey { wrapped, master }))
        .collect())
}

/// Stores the data keys of locked batches, now wrapped by that generation: `wrapped[n]` is that of `batches[n]`.
///
/// # Errors
/// The database's.
pub async fn batch_key_update(
    connection: &mut PgConnection,
    batches: &[Uuid],
    wrapped: &[Vec<u8>],
    master: i32,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/batch_key_update.sql"))
        .bind(batches)
        .bind(wrapped)
        .bind(master)
        .execute(connection)
        .await?;
    Ok(())
}

/// The generations that still wrap a data key, ascending.
///
/// # Errors
/// The database's.
pub async fn batch_key_masters(executor: impl PgExecutor<'_>) -> Result<Vec<i32>, StoreError> {
    Ok(sqlx::query_scalar(include_str!("sql/batch_key_masters.sql"))
        .fetch_all(executor)
        .await?)
}

//! What an import reads and writes: the batch's own row, and the keys, goods and refusals of each chunk of its file.

use alloy_primitives::B256;
use shelfproof_verifier::event::Kind;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use crate::domain::id::{BatchId, ProductId};
use crate::import::Refusal;

pub struct NewBatch<'a> {
    pub id: BatchId,
    /// What its keys are stock of.
    pub product: ProductId,
    /// Unique among the product's batches.
    pub name: &'a str,
    /// May be empty.
    pub supplier: &'a str,
    /// The data key, wrapped.
    pub wrapped_key: &'a [u8],
    /// The generation of the master key that wraps it.
    pub master_generation: i32,
    /// SHA-256 of the file and the options it is read with.
    pub source: &'a [u8; 32],
    /// Unix milliseconds.
    pub created_at_ms: u64,
}

/// A batch as an import finds it.
#[derive(Debug, FromRow)]
pub struct BatchRow {
    pub id: Uuid,
    pub supplier: String,
    /// The data key, wrapped.
    pub wrapped_key: Vec<u8>,
    /// The generation of the master key that wraps it.
    pub master_generation: i32,
    /// SHA-256 of the file and the options it is read with.
    pub source: Vec<u8>,
    #[sqlx(flatten)]
    pub counts: BatchCounts,
}

/// Progress of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct BatchCounts {
    /// Lines that are stored.
    #[sqlx(try_from = "i64")]
    pub lines: u64,
    /// Keys made of them.
    #[sqlx(try_from = "i64")]
    pub imported: u64,
    /// Those that were refused.
    #[sqlx(try_from = "i64")]
    pub refused: u64,
    /// Of the keys, those that a spreadsheet's wrapping was taken off.
    #[sqlx(try_from = "i64")]
    pub unwrapped: u64,
    /// Of the keys, those that characters without width were taken off.
    #[sqlx(try_from = "i64")]
    pub cleaned: u64,
    /// Of the keys, those that had come in with a batch that was withdrawn.
    #[sqlx(try_from = "i64")]
    pub returned: u64,
    /// Whether they are the whole file.
    pub is_complete: bool,
    /// Whether the batch was withdrawn.
    pub is_withdrawn: bool,
}

/// What one chunk adds to a batch's counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    pub imported: usize,
    pub refused: usize,
    pub unwrapped: usize,
    pub cleaned: usize,
    pub returned: usize,
}

/// A key with its first event.
pub struct NewKey {
    pub key_id: B256,
    /// The event's kind.
    pub kind: Kind,
    /// The event's hash.
    pub head: B256,
    /// The event's time, Unix milliseconds.
    pub at_ms: u64,
}

/// A key's encrypted goods.
pub struct NewGoods<'a> {
    pub key_no: i64,
    /// The line of the file.
    pub line: u64,
    pub sealed: &'a [u8],
    /// Proves that the key id is the code's.
    pub vrf_proof: &'a [u8],
}

/// The line of the file that a key was imported from.
#[derive(Debug, FromRow)]
pub struct KeyOrigin {
    pub key_id: Vec<u8>,
    pub batch_id: Uuid,
    /// The kind of the key's newest event.
    pub state: i16,
    pub line: i64,
    /// The batch's name.
    pub batch: String,
    /// The product's name.
    pub product: String,
}

/// The batch of that id, or the batches of that name, at most two.
///
/// # Errors
/// The database's.
pub async fn batch_resolve(executor: impl PgExecutor<'_>, id_or_name: &str) -> Result<Vec<BatchId>, StoreError> {
    let found: Vec<Uuid> = sqlx::query_scalar(include_str!("sql/batch_resolve.sql"))
        .bind(id_or_name.parse::<Uuid>().ok())
        .bind(id_or_name)
        .fetch_all(executor)
        .await?;
    Ok(found.into_iter().map(BatchId).collect())
}

/// Inserts a batch, unless its product has one of that name or does not exist.
///
/// # Errors
/// The database's.
pub async fn batch_insert(executor: impl PgExecutor<'_>, batch: &NewBatch<'_>) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/batch_insert.sql"))
        .bind(batch.id.0)
        .bind(batch.product.0)
        .bind(batch.name)
        .bind(batch.supplier)
        .bind(batch.wrapped_key)
        .bind(batch.master_generation)
        .bind(batch.source.as_slice())
        .bind(batch.created_at_ms.cast_signed())
        .execute(executor)
        .await?;
    Ok(())
}

/// # Errors
/// The database's.
pub async fn batch_find_by_name(
    executor: impl PgExecutor<'_>,
    product: ProductId,
    name: &str,
) -> Result<Option<BatchRow>, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/batch_find_by_name.sql"))
        .bind(product.0)
        .bind(name)
        .fetch_optional(executor)
        .await?)
}

/// Locks a batch until the transaction ends, and returns its progress.
///
/// # Errors
/// The database's.
pub async fn batch_lock(connection: &mut PgConnection, batch: BatchId) -> Result<Option<BatchCounts>, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/batch_lock.sql"))
        .bind(batch.0)
        .fetch_optional(connection)
        .await?)
}

/// Sets a locked batch's `lines`, and adds to its counts.
///
/// # Errors
/// The database's.
pub async fn batch_advance(
    connection: &mut PgConnection,
    batch: BatchId,
    lines: u64,
    added: Added,
    is_complete: bool,
) -> Result<BatchCounts, StoreError> {
    let count = |count: usize| (count as u64).cast_signed();
    Ok(sqlx::query_as(include_str!("sql/batch_advance.sql"))
        .bind(batch.0)
        .bind(lines.cast_signed())
        .bind(count(added.imported))
        .bind(count(added.refused))
        .bind(count(added.unwrapped))
        .bind(count(added.cleaned))
        .bind(count(added.returned))
        .bind(is_complete)
        .fetch_one(connection)
        .await?)
}

/// Inserts keys of a batch at version 1, and returns the ids and numbers of those that did not exist.
///
/// # Errors
/// The database's.
pub async fn key_insert(
    connection: &mut PgConnection,
    batch: BatchId,
    keys: &[NewKey],
) -> Result<Vec<(B256, i64)>, StoreError> {
    let made: Vec<(Vec<u8>, i64)> = sqlx::query_as(include_str!("sql/key_insert.sql"))
        .bind(batch.0)
        .bind(keys.iter().map(|key| key.key_id.as_slice()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| i16::from(key.kind as u8)).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.head.as_slice()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.at_ms.cast_signed()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    Ok(made.into_iter().map(|(id, no)| (B256::from_slice(&id), no)).collect())
}

/// What a key that comes in again has from now on.
pub struct ReturnedKey<'a> {
    pub key_id: B256,
    /// The line of the new file.
    pub line: u64,
    pub sealed: &'a [u8],
}

/// Moves to `batch` those of the keys that stand in a withdrawn batch and were never activated, and returns their ids.
///
/// # Errors
/// The database's.
pub async fn key_take_over(
    connection: &mut PgConnection,
    batch: BatchId,
    keys: &[ReturnedKey<'_>],
) -> Result<Vec<B256>, StoreError> {
    let taken: Vec<Vec<u8>> = sqlx::query_scalar(include_str!("sql/key_take_over.sql"))
        .bind(batch.0)
        .bind(keys.iter().map(|key| key.key_id.as_slice()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.line.cast_signed()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.sealed).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    Ok(taken.iter().map(|id| B256::from_slice(id)).collect())
}

/// # Errors
/// The database's.
pub async fn goods_insert(connection: &mut PgConnection, goods: &[NewGoods<'_>]) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/goods_insert.sql"))
        .bind(goods.iter().map(|new| new.key_no).collect::<Vec<_>>())
        .bind(goods.iter().map(|new| new.line.cast_signed()).collect::<Vec<_>>())
        .bind(goods.iter().map(|new| new.sealed).collect::<Vec<_>>())
        .bind(goods.iter().map(|new| new.vrf_proof).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

/// The origins of those of the keys that exist and were imported from a file.
///
/// # Errors
/// The database's.
pub async fn key_find_origin(executor: impl PgExecutor<'_>, key_ids: &[B256]) -> Result<Vec<KeyOrigin>, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/key_find_origin.sql"))
        .bind(key_ids.iter().map(B256::as_slice).collect::<Vec<_>>())
        .fetch_all(executor)
        .await?)
}

/// # Errors
/// The database's.
pub async fn refused_line_insert(
    connection: &mut PgConnection,
    batch: BatchId,
    refusals: &[Refusal],
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/refused_line_insert.sql"))
        .bind(batch.0)
        .bind(refusals.iter().map(|new| new.line.cast_signed()).collect::<Vec<_>>())
        .bind(refusals.iter().map(|new| new.reason.name()).collect::<Vec<_>>())
        .bind(refusals.iter().map(|new| new.detail.as_str()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

//! Batches while they are imported: the batch's own row, and what each part of its file brings.

use alloy_primitives::B256;
use shelfproof_verifier::event::Kind;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use crate::domain::id::{BatchId, ProductId};
use crate::import::Refusal;

/// A batch that is to be made.
pub struct NewBatch<'a> {
    /// Its id.
    pub id: BatchId,
    /// What it is stock of.
    pub product: ProductId,
    /// Its name, the only one of the product.
    pub name: &'a str,
    /// Whom it came from; may be empty.
    pub supplier: &'a str,
    /// Its data key, wrapped.
    pub wrapped_key: &'a [u8],
    /// The generation of the master key that wraps it.
    pub master: i32,
    /// What tells this file, read this way, from any other.
    pub source: &'a [u8; 32],
    /// When it is made, Unix milliseconds.
    pub created_at_ms: u64,
}

/// A batch as an import finds it.
#[derive(Debug, FromRow)]
pub struct BatchRow {
    /// Its id.
    pub id: Uuid,
    /// Whom it came from.
    pub supplier: String,
    /// Its data key, wrapped.
    pub wrapped_key: Vec<u8>,
    /// The generation of the master key that wraps it.
    pub master: i32,
    /// What tells its file, read its way, from any other.
    pub source: Vec<u8>,
    /// How far it has come.
    #[sqlx(flatten)]
    pub counts: BatchCounts,
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct BatchCounts {
    /// Lines that are settled.
    #[sqlx(try_from = "i64")]
    pub lines: u64,
    /// Keys that they brought.
    #[sqlx(try_from = "i64")]
    pub imported: u64,
    /// Rows that were refused.
    #[sqlx(try_from = "i64")]
    pub refused: u64,
    /// Whether that was the whole file.
    pub is_complete: bool,
}

/// A key that is about to be made.
pub struct NewKey {
    /// Its id.
    pub key_id: B256,
    /// The kind of its first event.
    pub kind: Kind,
    /// That event's hash.
    pub head: B256,
    /// That event's time, Unix milliseconds.
    pub at_ms: u64,
}

/// What a key opens, sealed, and its proof.
pub struct NewGoods<'a> {
    /// The shop's number of the key.
    pub key_no: i64,
    /// The line that it stood on.
    pub line: u64,
    /// Its goods, sealed.
    pub sealed: &'a [u8],
    /// The proof that its id is the code's.
    pub vrf_proof: &'a [u8],
}

/// Where a key came from.
#[derive(Debug, FromRow)]
pub struct KeyPlace {
    /// Its id.
    pub key_id: Vec<u8>,
    /// The batch.
    pub batch_id: Uuid,
    /// The line of the batch's file.
    pub line: i64,
    /// The batch's name.
    pub batch: String,
    /// The product's name.
    pub product: String,
}

/// The batch of that id, or those of that name, at most two.
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

/// Makes a batch, unless its product has one of that name, or there is no such product.
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
        .bind(batch.master)
        .bind(batch.source.as_slice())
        .bind(batch.created_at_ms.cast_signed())
        .execute(executor)
        .await?;
    Ok(())
}

/// The batch of that name.
///
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

/// How far a batch has come; nobody else moves it until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn batch_lock(connection: &mut PgConnection, batch: BatchId) -> Result<Option<BatchCounts>, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/batch_lock.sql"))
        .bind(batch.0)
        .fetch_optional(connection)
        .await?)
}

/// Moves a locked batch on to `lines`, by so many keys and refusals.
///
/// # Errors
/// The database's.
pub async fn batch_advance(
    connection: &mut PgConnection,
    batch: BatchId,
    lines: u64,
    [imported, refused]: [usize; 2],
    is_complete: bool,
) -> Result<BatchCounts, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/batch_advance.sql"))
        .bind(batch.0)
        .bind(lines.cast_signed())
        .bind((imported as u64).cast_signed())
        .bind((refused as u64).cast_signed())
        .bind(is_complete)
        .fetch_one(connection)
        .await?)
}

/// Makes keys of a batch, at version 1, and gives the numbers of those whose ids were not there yet.
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

/// Stores what keys open.
///
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

/// Where the keys of those ids came from.
///
/// # Errors
/// The database's.
pub async fn key_find_place(executor: impl PgExecutor<'_>, key_ids: &[B256]) -> Result<Vec<KeyPlace>, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/key_find_place.sql"))
        .bind(key_ids.iter().map(B256::as_slice).collect::<Vec<_>>())
        .fetch_all(executor)
        .await?)
}

/// Stores which rows of a batch were refused, and why.
///
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

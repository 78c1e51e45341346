//! Batches, their keys, and the lines that their imports refused.

use sqlx::PgPool;
use uuid::Uuid;

use super::page::{Filling, Found, LOOKED_MAX, Page};
use crate::domain::batch::{Batch, BatchFilter, BatchKey, RefusedLine};
use crate::domain::id::BatchId;
use crate::flow::FlowError;
use crate::store::StoreError;
use crate::store::batch::{batch_get, batch_key_list, batch_list, refused_line_list};
use crate::store::import::batch_resolve;

/// The batch of that id.
///
/// # Errors
/// `Missing` where there is none.
pub async fn get_batch(pool: &PgPool, id: BatchId) -> Result<Batch, FlowError> {
    let found = batch_get(pool, id).await?;
    found.ok_or_else(|| FlowError::missing("batch", &id))
}

/// The batch that a person names by its id, or by its name where only one product has a batch of that name.
///
/// # Errors
/// `Missing` where there is none, `Ambiguous` where there are several.
pub async fn find_batch(pool: &PgPool, id_or_name: &str) -> Result<BatchId, FlowError> {
    match batch_resolve(pool, id_or_name).await?.as_slice() {
        [] => Err(FlowError::missing("batch", id_or_name)),
        [only] => Ok(*only),
        _ => Err(FlowError::Ambiguous {
            noun: "batch",
            name: id_or_name.to_owned(),
        }),
    }
}

/// A page of the batches that meet a filter, oldest first, after that one.
///
/// # Errors
/// The database's.
pub async fn list_batches(
    pool: &PgPool,
    filter: &BatchFilter,
    after: Option<BatchId>,
    limit: u32,
) -> Result<Found<Batch, BatchId>, StoreError> {
    let mut page = Filling::new(limit, |batch: &Batch| batch.id);
    let after = after.unwrap_or(BatchId(Uuid::nil()));
    let end = page.add(batch_list(pool, after, filter, page.bounds(LOOKED_MAX)).await?, 0);
    Ok(page.end(end))
}

/// The keys of a batch's file after that number, in its order; never a code.
///
/// # Errors
/// `Missing` where there is no such batch.
pub async fn list_batch_keys(
    pool: &PgPool,
    batch: BatchId,
    after: i64,
    limit: u32,
) -> Result<Page<BatchKey>, FlowError> {
    get_batch(pool, batch).await?;
    let rows = batch_key_list(pool, batch, after, limit + 1).await?;
    Ok(Page::cut(rows, limit))
}

/// The lines of a batch's file that were refused, after that line.
///
/// # Errors
/// `Missing` where there is no such batch.
pub async fn list_refused_lines(
    pool: &PgPool,
    batch: BatchId,
    after_line: i64,
    limit: u32,
) -> Result<Page<RefusedLine>, FlowError> {
    get_batch(pool, batch).await?;
    let rows = refused_line_list(pool, batch, after_line, limit + 1).await?;
    Ok(Page::cut(rows, limit))
}

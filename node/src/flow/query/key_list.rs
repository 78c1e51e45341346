//! Lists of keys, by batch and then by number; never a code.

use sqlx::PgPool;
use uuid::Uuid;

use super::page::{Filling, Found, LOOKED_MAX};
use crate::domain::id::BatchId;
use crate::domain::key::{KeyCursor, KeyFilter, KeySummary};
use crate::store::StoreError;
use crate::store::key_list::{batch_walk, key_list, key_list_named};

/// Most batches that a page goes through.
const BATCHES_MAX: u32 = 50;

/// A page of the keys that meet a filter, by batch, oldest first, and in the batch by the order in which their codes
/// first came in.
///
/// # Errors
/// The database's.
pub async fn list_keys(
    pool: &PgPool,
    filter: &KeyFilter,
    after: Option<KeyCursor>,
    limit: u32,
) -> Result<Found<KeySummary, KeyCursor>, StoreError> {
    let after = after.unwrap_or(KeyCursor {
        batch: BatchId(Uuid::nil()),
        no: 0,
    });
    let mut page = Filling::new(limit, |key: &KeySummary| KeyCursor {
        batch: key.batch,
        no: key.key_no,
    });
    if filter.search.is_some() || filter.order.is_some() {
        let rows = key_list_named(pool, after, filter, page.bounds(LOOKED_MAX).rows).await?;
        let end = page.add(rows, 0);
        return Ok(page.end(end));
    }
    let most = i64::from(BATCHES_MAX);
    let batches = batch_walk(pool, filter.product, after.batch, filter.batch, most).await?;
    let mut looked = 0;
    let mut last = None;
    for (batch, keys) in &batches {
        // The page before ended behind its last key.
        if *batch == after.batch && after.no == i64::MAX {
            continue;
        }
        let no = if *batch == after.batch { after.no } else { 0 };
        let from = KeyCursor { batch: *batch, no };
        let rows = key_list(pool, from, filter.state, page.bounds(LOOKED_MAX - looked)).await?;
        let end = page.add(rows, looked);
        if end.is_some() {
            return Ok(page.end(end));
        }
        looked = keys.saturating_add(looked);
        last = Some(KeyCursor {
            batch: *batch,
            no: i64::MAX,
        });
        if looked >= LOOKED_MAX {
            break;
        }
    }
    let is_bound = looked >= LOOKED_MAX || batches.len() == BATCHES_MAX as usize;
    let end = last.filter(|_| is_bound && filter.batch.is_none());
    Ok(page.end(end.map(|cursor| (cursor, Some(looked.min(LOOKED_MAX))))))
}

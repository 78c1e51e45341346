//! Deletes what the outbox no longer needs to keep.

use std::time::Duration;

use sqlx::PgPool;

use super::FlowError;
use crate::store::outbox::outbox_trim;

/// Facts that are deleted by one statement, so that none runs for long.
const CHUNK: i64 = 1_000;

/// Deletes the facts that are older than `keep` by the database's clock and that every consumer has read; how many those
/// were.
///
/// # Errors
/// The database's. What was deleted before stays deleted.
pub async fn trim_outbox(pool: &PgPool, keep: Duration) -> Result<u64, FlowError> {
    let keep_ms = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
    let mut deleted = 0;
    loop {
        let chunk = outbox_trim(pool, keep_ms, CHUNK).await?;
        deleted += chunk;
        if chunk < CHUNK.unsigned_abs() {
            return Ok(deleted);
        }
    }
}

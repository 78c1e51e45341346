//! Keys where they stand.

use alloy_primitives::B256;
use shelfproof_verifier::event::KeyEvent;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use super::column::{bytes, kind, whole};
use crate::domain::id::BatchId;
use crate::domain::key::{Head, Key};

#[derive(FromRow)]
struct KeyRow {
    no: i64,
    key_id: Vec<u8>,
    state: i16,
    version: i32,
    head: Vec<u8>,
    head_at_ms: i64,
    pool_id: Option<i32>,
    batch_id: Uuid,
}

/// The key of that id.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn key_find(executor: impl PgExecutor<'_>, key_id: &B256) -> Result<Option<Key>, StoreError> {
    let row: Option<KeyRow> = sqlx::query_as(include_str!("sql/key_find.sql"))
        .bind(key_id.as_slice())
        .fetch_optional(executor)
        .await?;
    row.map(|row| {
        Ok(Key {
            head: Head {
                key_no: row.no,
                key_id: B256::from(bytes("keys", "key_id", &row.key_id, &row.no)?),
                state: kind("keys", row.state, &row.no)?,
                version: whole("keys", "version", row.version, &row.no)?,
                hash: B256::from(bytes("keys", "head", &row.head, &row.no)?),
                at_ms: whole("keys", "head_at_ms", row.head_at_ms, &row.no)?,
            },
            pool: row.pool_id,
            batch: BatchId(row.batch_id),
        })
    })
    .transpose()
}

/// What a guarded update found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// The row was as it had been seen, and is changed.
    Updated,
    /// Somebody else changed it since.
    Stale,
}

/// Moves a key to `event`, from the version before it.
///
/// # Errors
/// Where the database fails.
pub async fn key_advance(connection: &mut PgConnection, no: i64, event: &KeyEvent) -> Result<Advanced, StoreError> {
    let done = sqlx::query(include_str!("sql/key_advance.sql"))
        .bind(no)
        .bind(i16::from(event.kind as u8))
        .bind(event.version.cast_signed())
        .bind(event.hash().as_slice())
        .bind(event.at_ms.cast_signed())
        .execute(connection)
        .await?;
    // Keys are never deleted: none updated is one that moved.
    Ok(if done.rows_affected() == 1 {
        Advanced::Updated
    } else {
        Advanced::Stale
    })
}

/// Locks a pool until the transaction ends.
///
/// # Errors
/// Where the database fails.
pub async fn pool_lock(connection: &mut PgConnection, pool: i32) -> Result<(), StoreError> {
    let _: i64 = sqlx::query_scalar(include_str!("sql/pool_lock.sql"))
        .bind(pool)
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// Counts one more empty slot ahead of a locked pool's cursor.
///
/// # Errors
/// Where the database fails.
pub async fn pool_hole(connection: &mut PgConnection, pool: i32) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/pool_hole.sql"))
        .bind(pool)
        .execute(connection)
        .await?;
    Ok(())
}

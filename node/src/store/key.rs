//! Keys: their places, and their newest events.

use alloy_primitives::B256;
use shelfproof_verifier::event::{KeyEvent, Kind};
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use super::column::{bytes, whole};
use super::head::HeadRow;
use crate::domain::id::BatchId;
use crate::domain::key::{Head, Key};
use crate::domain::pool::{Place, SlotAssignment};

#[derive(FromRow)]
struct KeyRow {
    #[sqlx(flatten)]
    head: HeadRow,
    pool_id: Option<i32>,
    slot: Option<i64>,
    batch_id: Uuid,
}

/// # Errors
/// The database's, and a row that this program never writes.
pub async fn key_find(executor: impl PgExecutor<'_>, key_id: &B256) -> Result<Option<Key>, StoreError> {
    let row: Option<KeyRow> = sqlx::query_as(include_str!("sql/key_find.sql"))
        .bind(key_id.as_slice())
        .fetch_optional(executor)
        .await?;
    row.map(|row| {
        Ok(Key {
            head: row.head.into_head()?,
            place: row.pool_id.zip(row.slot).map(|(pool, slot)| Place { pool, slot }),
            batch: BatchId(row.batch_id),
        })
    })
    .transpose()
}

/// What became of an update that names the version of the key which was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    Updated,
    /// Another transaction changed the key since.
    Stale,
}

/// Writes `event` as a key's newest into its row, unless the row has that version already. The event itself must be
/// appended in the same transaction: only the events' primary key refuses it where the sale came first, which is not in
/// the row.
///
/// # Errors
/// The database's.
pub async fn key_advance(connection: &mut PgConnection, no: i64, event: &KeyEvent) -> Result<Advanced, StoreError> {
    let done = sqlx::query(include_str!("sql/key_advance.sql"))
        .bind(no)
        .bind(i16::from(event.kind as u8))
        .bind(event.version.cast_signed())
        .bind(event.hash().as_slice())
        .bind(event.at_ms.cast_signed())
        .execute(connection)
        .await?;
    // Keys are never deleted: where none was updated, its version is another.
    Ok(if done.rows_affected() == 1 {
        Advanced::Updated
    } else {
        Advanced::Stale
    })
}

#[derive(FromRow)]
struct GeneratedRow {
    no: i64,
    key_id: Vec<u8>,
    version: i32,
    head: Vec<u8>,
    head_at_ms: i64,
}

/// Locks a batch's keys that were not activated yet: at most `limit` after that number, ascending.
///
/// # Errors
/// The database's, and a row that this program never writes.
pub async fn key_lock_generated(
    connection: &mut PgConnection,
    batch: BatchId,
    after: i64,
    limit: u32,
) -> Result<Vec<Head>, StoreError> {
    let rows: Vec<GeneratedRow> = sqlx::query_as(include_str!("sql/key_lock_generated.sql"))
        .bind(batch.0)
        .bind(after)
        .bind(i16::from(Kind::Generated as u8))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    let head = |row: GeneratedRow| {
        Ok(Head {
            key_no: row.no,
            key_id: B256::from(bytes("keys", "key_id", &row.key_id, &row.no)?),
            state: Kind::Generated,
            version: whole("keys", "version", row.version, &row.no)?,
            hash: B256::from(bytes("keys", "head", &row.head, &row.no)?),
            at_ms: whole("keys", "head_at_ms", row.head_at_ms, &row.no)?,
        })
    };
    rows.into_iter().map(head).collect()
}

/// Gives keys their slots in a pool, each only if it has the version before its event's. Returns how many got theirs.
///
/// # Errors
/// The database's.
pub async fn key_activate(
    connection: &mut PgConnection,
    pool: i32,
    keys: &[SlotAssignment],
) -> Result<u64, StoreError> {
    let hashes: Vec<B256> = keys.iter().map(|key| key.event.hash()).collect();
    let done = sqlx::query(include_str!("sql/key_activate.sql"))
        .bind(pool)
        .bind(i16::from(Kind::Activated as u8))
        .bind(keys.iter().map(|key| key.key_no).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.slot).collect::<Vec<_>>())
        .bind(
            keys.iter()
                .map(|key| key.event.version.cast_signed())
                .collect::<Vec<_>>(),
        )
        .bind(hashes.iter().map(B256::as_slice).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.event.at_ms.cast_signed()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(done.rows_affected())
}

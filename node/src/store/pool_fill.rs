//! A batch's keys on their way to their product's shelf.

use alloy_primitives::B256;
use shelfproof_verifier::event::{KeyEvent, Kind};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::StoreError;
use super::column::{bytes, whole};
use crate::domain::id::{BatchId, ProductId};
use crate::domain::key::Head;

/// A product's shelf, as far as filling it needs.
pub struct LockedPool {
    /// Its number.
    pub id: i32,
    /// The slot that is given next.
    pub tail: i64,
    /// Whose shelf it is.
    pub product: ProductId,
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

/// A key's new place and event.
pub struct SlotAssignment {
    /// The shop's number of the key.
    pub no: i64,
    /// The slot that it gets.
    pub slot: i64,
    /// What happened to it.
    pub event: KeyEvent,
}

/// The shelf of a batch's product; nobody else sells from it or fills it until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn pool_lock_of_batch(
    connection: &mut PgConnection,
    batch: BatchId,
) -> Result<Option<LockedPool>, StoreError> {
    let pool: Option<(i32, i64, Uuid)> = sqlx::query_as(include_str!("sql/pool_lock_of_batch.sql"))
        .bind(batch.0)
        .fetch_optional(connection)
        .await?;
    Ok(pool.map(|(id, tail, product)| LockedPool {
        id,
        tail,
        product: ProductId(product),
    }))
}

/// Moves a locked shelf's tail on by that many slots.
///
/// # Errors
/// The database's.
pub async fn pool_fill(connection: &mut PgConnection, pool: i32, slots: usize) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/pool_fill.sql"))
        .bind(pool)
        .bind((slots as u64).cast_signed())
        .execute(connection)
        .await?;
    Ok(())
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

#[derive(FromRow)]
struct HeadRow {
    no: i64,
    key_id: Vec<u8>,
    version: i32,
    head: Vec<u8>,
    head_at_ms: i64,
}

/// A batch's keys that are generated and no more, after number `after`, at most `limit` of them, in their order.
///
/// # Errors
/// The database's, and a row that this program never writes.
pub async fn key_lock_generated(
    connection: &mut PgConnection,
    batch: BatchId,
    after: i64,
    limit: u32,
) -> Result<Vec<Head>, StoreError> {
    let rows: Vec<HeadRow> = sqlx::query_as(include_str!("sql/key_lock_generated.sql"))
        .bind(batch.0)
        .bind(after)
        .bind(i16::from(Kind::Generated as u8))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    let head = |row: HeadRow| {
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

/// Puts keys into slots of a pool, each only if its version is still the one before its event's; how many were.
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
        .bind(keys.iter().map(|key| key.no).collect::<Vec<_>>())
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

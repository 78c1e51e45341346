//! Invariants that the schema cannot enforce. A rule is one statement that finds the rows which break it: what it compares
//! is of one snapshot, though the shop sells meanwhile.
//!
//! To add a rule: a statement `sql/check_….sql` that selects (subject, detail) with `LIMIT $1`, its entry in [`RULES`], and a
//! breach of it in the test of `admin check`. Rules on a key's history compute hashes, and are in `domain::history`: this
//! module only reads keys and events for them, in chunks.

use alloy_primitives::B256;
use shelfproof_verifier::event::{Kind, Opening, RawEvent};
use sqlx::{FromRow, PgConnection, PgExecutor, PgPool, Postgres, Transaction};

use super::StoreError;
use crate::domain::history::StoredEvent;
use crate::domain::key::Head;

mod rules;

pub use rules::{RULES, Rule};

/// Most rows that one rule reports.
pub const ROWS_MAX: u32 = 100;

/// Begins a read-only transaction over one snapshot, to be ended soon: see [`crate::flow::check`].
///
/// # Errors
/// The database's.
pub async fn check_begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    Ok(pool
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?)
}

/// At most [`ROWS_MAX`] breaches of a rule, as (subject, detail).
///
/// # Errors
/// The database's.
pub async fn check_rule(database: impl PgExecutor<'_>, rule: &Rule) -> Result<Vec<(String, String)>, StoreError> {
    Ok(sqlx::query_as(rule.sql)
        .bind(i64::from(ROWS_MAX))
        .fetch_all(database)
        .await?)
}

/// # Errors
/// The database's.
pub async fn check_key_count(database: impl PgExecutor<'_>) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(include_str!("sql/check_key_count.sql"))
        .fetch_one(database)
        .await?)
}

#[derive(FromRow)]
struct HeadRow {
    no: i64,
    key_id: [u8; 32],
    state: i16,
    version: i32,
    head: [u8; 32],
    head_at_ms: i64,
}

#[derive(FromRow)]
struct EventRow {
    key_no: i64,
    version: i32,
    before: i16,
    kind: i16,
    at_ms: i64,
    key_id: [u8; 32],
    prev: [u8; 32],
    payload: [u8; 32],
    salt: [u8; 32],
    body: String,
}

/// At most `limit` keys after that number, ascending.
///
/// # Errors
/// The database's.
pub async fn check_heads(connection: &mut PgConnection, after: i64, limit: u32) -> Result<Vec<Head>, StoreError> {
    let rows: Vec<HeadRow> = sqlx::query_as(include_str!("sql/check_heads.sql"))
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    let heads = rows.into_iter().map(|row| {
        let read = |column| StoreError::Inconsistent {
            table: "shop.keys",
            column,
            row: row.no.to_string(),
        };
        let state = u8::try_from(row.state).ok().and_then(Kind::from_number);
        Ok(Head {
            key_no: row.no,
            key_id: B256::from(row.key_id),
            state: state.ok_or_else(|| read("state"))?,
            version: u32::try_from(row.version).map_err(|_| read("version"))?,
            hash: B256::from(row.head),
            at_ms: u64::try_from(row.head_at_ms).map_err(|_| read("head_at_ms"))?,
        })
    });
    heads.collect()
}

/// The events of the keys with numbers over `after`, up to `last`, by key and version; each with its key's number.
///
/// # Errors
/// The database's.
pub async fn check_events(
    connection: &mut PgConnection,
    after: i64,
    last: i64,
) -> Result<Vec<(i64, StoredEvent)>, StoreError> {
    let rows: Vec<EventRow> = sqlx::query_as(include_str!("sql/check_events.sql"))
        .bind(after)
        .bind(last)
        .fetch_all(connection)
        .await?;
    let events = rows.into_iter().map(|row| {
        let read = |column| StoreError::Inconsistent {
            table: "attest.events",
            column,
            row: format!("{} {}", row.key_no, row.version),
        };
        let record = RawEvent {
            key_id: B256::from(row.key_id),
            version: u32::try_from(row.version).map_err(|_| read("version"))?,
            kind: u8::try_from(row.kind).map_err(|_| read("kind"))?,
            at_ms: u64::try_from(row.at_ms).map_err(|_| read("at_ms"))?,
            prev: B256::from(row.prev),
            payload: B256::from(row.payload),
        };
        let before = u8::try_from(row.before).map_err(|_| read("before"))?;
        let opening = Opening {
            salt: B256::from(row.salt),
            body: row.body,
        };
        Ok((
            row.key_no,
            StoredEvent {
                record,
                before,
                opening,
            },
        ))
    });
    events.collect()
}

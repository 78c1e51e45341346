//! What must hold in the database and the schema cannot say: one statement a rule, each finding the rows that break it.
//! The rules of a key's history need its hashes, and are read in chunks for `flow::check` to judge.

use alloy_primitives::B256;
use shelfproof_verifier::event::{Kind, Opening, Record};
use sqlx::{FromRow, PgConnection, PgPool, Postgres, Transaction};

use super::StoreError;
use crate::domain::history::StoredEvent;
use crate::domain::key::Head;

mod rules;

pub use rules::{RULES, Rule};

/// Most rows that one rule reports; whoever repairs them asks again.
pub const ROWS_MAX: u32 = 100;

/// A transaction that sees one moment, and changes nothing.
///
/// # Errors
/// The database's.
pub async fn check_begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    Ok(pool
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?)
}

/// What breaks a rule, at most [`ROWS_MAX`] times: what is wrong with what, as (subject, detail).
///
/// # Errors
/// The database's.
pub async fn check_rule(connection: &mut PgConnection, rule: &Rule) -> Result<Vec<(String, String)>, StoreError> {
    Ok(sqlx::query_as(rule.sql)
        .bind(i64::from(ROWS_MAX))
        .fetch_all(connection)
        .await?)
}

/// How many keys there are.
///
/// # Errors
/// The database's.
pub async fn check_key_count(connection: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(include_str!("sql/check_key_count.sql"))
        .fetch_one(connection)
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

/// At most `limit` keys after that number, in their order.
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

/// The events of the keys after the first number, up to the second, by key and version; each with its key's number.
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
        let record = Record {
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

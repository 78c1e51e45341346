//! Facts that are no event of a key, for consumers of the bus.

use sqlx::{FromRow, PgConnection, PgExecutor};

use super::StoreError;
use super::column::{inconsistent, whole};
use crate::domain::message::{Fact, Message};

/// Writes a fact in the transaction that makes it true. What the fact is about must be locked already: that keeps the
/// order of the facts about one thing.
///
/// # Errors
/// Where the database fails.
pub async fn outbox_insert(connection: &mut PgConnection, fact: &Fact<'_>) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/outbox_insert.sql"))
        .bind(fact.topic())
        .bind(fact.key())
        .bind(fact.body().to_string())
        .execute(connection)
        .await?;
    Ok(())
}

#[derive(FromRow)]
struct OutboxRow {
    id: i64,
    topic: String,
    key: String,
    at_ms: i64,
    body: String,
}

/// At most `limit` facts that are visible in `snapshot` and not in `since`, after an id; each with its id.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn outbox_page(
    executor: impl PgExecutor<'_>,
    since: &str,
    snapshot: &str,
    after_id: i64,
    limit: i64,
) -> Result<Vec<(i64, Message)>, StoreError> {
    let rows: Vec<OutboxRow> = sqlx::query_as(include_str!("sql/outbox_page.sql"))
        .bind(since)
        .bind(snapshot)
        .bind(after_id)
        .bind(limit)
        .fetch_all(executor)
        .await?;
    let messages = rows.into_iter().map(|row| {
        let message = Message {
            id: format!("fact/{}", row.id),
            topic: row.topic,
            key: row.key,
            at_ms: whole("outbox", "at_ms", row.at_ms, &row.id)?,
            body: serde_json::from_str(&row.body).map_err(|_| inconsistent("outbox", "body", &row.id))?,
        };
        Ok((row.id, message))
    });
    messages.collect()
}

/// Deletes at most `limit` facts that are older than `keep_ms` and that every consumer has read; how many it did.
///
/// # Errors
/// Where the database fails.
pub async fn outbox_trim(executor: impl PgExecutor<'_>, keep_ms: i64, limit: i64) -> Result<u64, StoreError> {
    let deleted = sqlx::query(include_str!("sql/outbox_trim.sql"))
        .bind(keep_ms)
        .bind(limit)
        .execute(executor)
        .await?;
    Ok(deleted.rows_affected())
}

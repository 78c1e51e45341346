//! Consumers of the bus, and how far each has read.

use shelfproof_anchor::store::events::EventPlace;
use sqlx::{FromRow, PgExecutor};

use super::StoreError;

/// What a consumer reads next: what is visible in `snapshot` and not in `since`, after a part that it has read.
#[derive(Clone, Debug, FromRow, PartialEq, Eq)]
pub struct Window {
    pub since: String,
    pub snapshot: String,
    #[sqlx(flatten)]
    pub after: Place,
    /// Of the consumer's row.
    pub version: i64,
    pub epoch: i64,
    /// Whether nothing is newer than the window.
    pub is_newest: bool,
    /// Whether the position is another server's: this one counts transactions from an earlier number.
    pub is_foreign: bool,
}

/// A place within a window: facts up to an id were read, and events up to one of them.
#[derive(Clone, Copy, Debug, Default, FromRow, PartialEq, Eq)]
pub struct Place {
    pub after_id: i64,
    pub after_at_ms: Option<i64>,
    pub after_key_no: Option<i64>,
    pub after_version: Option<i32>,
}

impl Place {
    /// The last event that was read, if any was.
    #[must_use]
    pub fn event(&self) -> Option<EventPlace> {
        Some(EventPlace {
            at_ms: self.after_at_ms?,
            key_no: self.after_key_no?,
            version: self.after_version?,
        })
    }

    pub fn set_event(&mut self, event: EventPlace) {
        self.after_at_ms = Some(event.at_ms);
        self.after_key_no = Some(event.key_no);
        self.after_version = Some(event.version);
    }
}

/// A consumer.
#[derive(Clone, Debug, FromRow, PartialEq, Eq)]
pub struct ConsumerRow {
    pub name: String,
    /// Everything visible in this snapshot was read.
    pub since: String,
    /// Delivered so far, repetitions included.
    pub messages: i64,
    /// When it last read something, Unix milliseconds.
    pub acked_at_ms: i64,
    /// Facts that it has not read, at most.
    pub facts: i64,
}

/// Adds a consumer that reads from the start or from now on, unless there is one of that name.
///
/// # Errors
/// Where the database fails.
pub async fn consumer_insert(executor: impl PgExecutor<'_>, name: &str, from_start: bool) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/consumer_insert.sql"))
        .bind(name)
        .bind(from_start)
        .execute(executor)
        .await?;
    Ok(())
}

/// Moves a consumer to the start, or to now.
///
/// # Errors
/// Where the database fails.
pub async fn consumer_move(executor: impl PgExecutor<'_>, name: &str, to_start: bool) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/consumer_move.sql"))
        .bind(name)
        .bind(to_start)
        .execute(executor)
        .await?;
    Ok(())
}

/// What the consumer reads next; `None` where there is no such consumer.
///
/// # Errors
/// Where the database fails.
pub async fn consumer_window(executor: impl PgExecutor<'_>, name: &str) -> Result<Option<Window>, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/consumer_window.sql"))
        .bind(name)
        .fetch_optional(executor)
        .await?)
}

/// Moves the consumer on to a place in the window, or, without one, to the window's end. `false` where another process
/// has moved it since the window was read.
///
/// # Errors
/// Where the database fails.
pub async fn consumer_ack(
    executor: impl PgExecutor<'_>,
    name: &str,
    window: &Window,
    place: Option<Place>,
    messages: usize,
) -> Result<bool, StoreError> {
    let since = if place.is_some() {
        &window.since
    } else {
        &window.snapshot
    };
    let acked = sqlx::query(include_str!("sql/consumer_ack.sql"))
        .bind(name)
        .bind(window.version)
        .bind(since)
        .bind(place.map(|_| &window.snapshot))
        .bind(place.map(|place| place.after_id))
        .bind(place.and_then(|place| place.after_at_ms))
        .bind(place.and_then(|place| place.after_key_no))
        .bind(place.and_then(|place| place.after_version))
        .bind(window.epoch)
        .bind(i64::try_from(messages).unwrap_or(i64::MAX))
        .execute(executor)
        .await?;
    Ok(acked.rows_affected() == 1)
}

/// All consumers by name.
///
/// # Errors
/// Where the database fails.
pub async fn consumer_list(executor: impl PgExecutor<'_>) -> Result<Vec<ConsumerRow>, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/consumer_list.sql"))
        .fetch_all(executor)
        .await?)
}

/// Forgets a consumer; `false` where there was none of that name.
///
/// # Errors
/// Where the database fails.
pub async fn consumer_delete(executor: impl PgExecutor<'_>, name: &str) -> Result<bool, StoreError> {
    let deleted = sqlx::query(include_str!("sql/consumer_delete.sql"))
        .bind(name)
        .execute(executor)
        .await?;
    Ok(deleted.rows_affected() == 1)
}

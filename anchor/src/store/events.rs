//! The table `events`: what happened to each key, with what each event commits to.

use alloy_primitives::B256;
use shelfproof_verifier::event::{KeyEvent, Kind, Opening};
use sqlx::types::Uuid;
use sqlx::{FromRow, PgConnection};

/// An event to be written, by the transaction that makes it true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The shop's number of the key.
    pub key_no: i64,
    /// The kind of the key's event before; none for its first.
    pub before: Option<Kind>,
    pub event: KeyEvent,
    /// What it commits to.
    pub opening: Opening,
    /// For a sale, and for nothing else: what it sells.
    pub sale: Option<Sale>,
}

/// The item of an order that a sold event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    pub order: Uuid,
    /// Its number in the order, from 1.
    pub item: u32,
    /// By when the receipt promises the event on the chain, Unix seconds.
    pub anchor_by_s: u64,
}

/// An event as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// The shop's number of the key.
    pub key_no: i64,
    pub event: KeyEvent,
    /// What it commits to.
    pub opening: Opening,
}

/// A failure of this store.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The database refused, or could not be reached.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A row is not what this program ever writes.
    #[error("attest.events of key {key_no}, version {version} holds what this program never writes")]
    Inconsistent {
        /// The shop's number of the key.
        key_no: i64,
        /// The event's version.
        version: i32,
    },
}

/// Writes events, any number of keys' and in any order.
///
/// # Errors
/// Where the database fails, where a key has that version already, or where a kind may not follow the one before.
pub async fn event_append(connection: &mut PgConnection, events: &[NewEvent]) -> Result<(), EventError> {
    let number = |kind: Kind| i16::from(kind as u8);
    let each = |field: fn(&NewEvent) -> &[u8]| events.iter().map(field).collect::<Vec<_>>();
    sqlx::query(include_str!("sql/event_append.sql"))
        .bind(events.iter().map(|event| event.key_no).collect::<Vec<_>>())
        .bind(
            events
                .iter()
                .map(|event| event.event.version.cast_signed())
                .collect::<Vec<_>>(),
        )
        .bind(
            events
                .iter()
                .map(|event| event.before.map_or(0, number))
                .collect::<Vec<_>>(),
        )
        .bind(events.iter().map(|event| number(event.event.kind)).collect::<Vec<_>>())
        .bind(
            events
                .iter()
                .map(|event| event.event.at_ms.cast_signed())
                .collect::<Vec<_>>(),
        )
        .bind(each(|event| event.event.key_id.as_slice()))
        .bind(each(|event| event.event.prev.as_slice()))
        .bind(each(|event| event.event.payload.as_slice()))
        .bind(each(|event| event.opening.salt.as_slice()))
        .bind(
            events
                .iter()
                .map(|event| event.opening.body.as_str())
                .collect::<Vec<_>>(),
        )
        .bind(of_sales(events, |sale| sale.anchor_by_s.cast_signed()))
        .bind(of_sales(events, |sale| sale.order))
        .bind(of_sales(events, |sale| sale.item.cast_signed()))
        .execute(connection)
        .await?;
    Ok(())
}

/// A column that only sales have.
fn of_sales<T>(events: &[NewEvent], column: impl Fn(&Sale) -> T) -> Vec<Option<T>> {
    events.iter().map(|event| event.sale.as_ref().map(&column)).collect()
}

#[derive(FromRow)]
struct Row {
    key_no: i64,
    version: i32,
    kind: i16,
    at_ms: i64,
    key_id: Vec<u8>,
    prev: Vec<u8>,
    payload: Vec<u8>,
    salt: Vec<u8>,
    body: String,
}

impl Row {
    fn into_stored(self) -> Option<StoredEvent> {
        let hash = |bytes: &[u8]| B256::try_from(bytes).ok();
        Some(StoredEvent {
            key_no: self.key_no,
            event: KeyEvent {
                key_id: hash(&self.key_id)?,
                version: self.version.try_into().ok()?,
                kind: Kind::from_number(self.kind.try_into().ok()?)?,
                at_ms: self.at_ms.try_into().ok()?,
                prev: hash(&self.prev)?,
                payload: hash(&self.payload)?,
            },
            opening: Opening {
                salt: hash(&self.salt)?,
                body: self.body,
            },
        })
    }
}

/// All events of those keys, by key and version.
///
/// # Errors
/// Where the database fails, or a row is damaged.
pub async fn event_of_keys(connection: &mut PgConnection, keys: &[i64]) -> Result<Vec<StoredEvent>, EventError> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("sql/event_of_keys.sql"))
        .bind(keys)
        .fetch_all(connection)
        .await?;
    read_all(rows)
}

/// Where an event is in the order of [`event_page`], in the database's types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPlace {
    pub at_ms: i64,
    pub key_no: i64,
    pub version: i32,
}

impl StoredEvent {
    /// Where it is in the order of [`event_page`].
    #[must_use]
    pub fn place(&self) -> EventPlace {
        EventPlace {
            at_ms: self.event.at_ms.cast_signed(),
            key_no: self.key_no,
            version: self.event.version.cast_signed(),
        }
    }
}

/// At most `limit` events that are visible in `snapshot` and not in `since` (both as PostgreSQL writes a
/// `pg_snapshot`), after one of them, by time, key and version. A key's times never decrease: its versions come in
/// order.
///
/// # Errors
/// Where the database fails, or a row is damaged.
pub async fn event_page(
    connection: &mut PgConnection,
    since: &str,
    snapshot: &str,
    after: Option<EventPlace>,
    limit: i64,
) -> Result<Vec<StoredEvent>, EventError> {
    let rows: Vec<Row> = sqlx::query_as(include_str!("sql/event_page.sql"))
        .bind(since)
        .bind(snapshot)
        .bind(after.map(|after| after.at_ms))
        .bind(after.map(|after| after.key_no))
        .bind(after.map(|after| after.version))
        .bind(limit)
        .fetch_all(connection)
        .await?;
    read_all(rows)
}

fn read_all(rows: Vec<Row>) -> Result<Vec<StoredEvent>, EventError> {
    let events = rows.into_iter().map(|row| {
        let (key_no, version) = (row.key_no, row.version);
        row.into_stored().ok_or(EventError::Inconsistent { key_no, version })
    });
    events.collect()
}

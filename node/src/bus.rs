//! The bus over PostgreSQL: what happens in the shop, for any number of consumers, each with a name and a position.
//!
//! Two sources make one stream. The events of keys (`key.sold`, `key.redeemed` …) are read from `attest.events`, where
//! the sale wrote them: there is no second write. Facts that are no event of a key (`product.changed`, `order.abnormal`
//! …) are written to `shop.outbox` by the transaction that makes them true.
//!
//! A position is a snapshot of the database, as an epoch's is: a consumer reads what is visible in a newer snapshot and
//! not in its own, so that nothing is missed, whatever runs beside, and no version of a key comes before the one that
//! it follows. Delivery is *at least once*: the position moves after the delivery, and a consumer that is killed in
//! between gets the same messages again, with the same ids. Messages of one `key` come in order.
//!
//! **Adding a fact**: a variant of [`Fact`](crate::domain::message::Fact), and `outbox_insert` in the flow's transaction.
//! **Adding a consumer** that a worker runs: a task that calls [`relay`] with the consumer's name and its delivery, as
//! `background/tasks/relay.rs` does. Outside of this program: `shelfproof admin event tail`.

use std::error::Error;
use std::mem;

use serde_json::Value;
use shelfproof_anchor::store::epochs::event_backlog;
use shelfproof_anchor::store::events::{EventError, StoredEvent, event_page};
use shelfproof_verifier::event::Kind;
use sqlx::PgPool;

use crate::domain::message::Message;
use crate::store::StoreError;
use crate::store::consumer::{
    Place, Window, consumer_ack, consumer_delete, consumer_insert, consumer_list, consumer_move, consumer_window,
};
use crate::store::outbox::outbox_page;

pub use crate::store::consumer::ConsumerRow;

/// Messages that are read and delivered together, at most.
pub const BATCH_MAX: usize = 10_000;

/// Where a consumer begins to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// With the first event of the shop, and the oldest fact that is kept.
    Start,
    /// With what is committed from now on.
    Now,
}

/// Why a consumer cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Event(#[from] EventError),
    #[error("there is no consumer {0}")]
    Missing(String),
    #[error("another process reads as the consumer {0}: give each its own name")]
    Taken(String),
    /// As after a restore into a new server.
    #[error(
        "the position of the consumer {0} is of a database server that had counted more transactions than this one. Move \
         it with: shelfproof admin event tail --consumer {0} --from now (or start)"
    )]
    Foreign(String),
    #[error("the messages could not be delivered: {0}")]
    Delivery(Box<dyn Error + Send + Sync>),
}

/// What a consumer reads next.
#[derive(Debug)]
pub struct Batch {
    pub messages: Vec<Message>,
    /// How many those are, also once they were taken out.
    count: usize,
    window: Window,
    /// Where in the window the batch ends; `None` at its end.
    place: Option<Place>,
}

impl Batch {
    /// Whether there is nothing more to read now.
    fn is_last(&self) -> bool {
        self.place.is_none() && self.window.is_newest
    }
}

/// Adds a consumer of that name, unless there is one already.
///
/// # Errors
/// The database's.
pub async fn subscribe(pool: &PgPool, consumer: &str, origin: Origin) -> Result<(), BusError> {
    Ok(consumer_insert(pool, consumer, origin == Origin::Start).await?)
}

/// Moves a consumer, adding it where there is none of that name.
///
/// # Errors
/// The database's.
pub async fn seek(pool: &PgPool, consumer: &str, origin: Origin) -> Result<(), BusError> {
    subscribe(pool, consumer, origin).await?;
    Ok(consumer_move(pool, consumer, origin == Origin::Start).await?)
}

/// Forgets a consumer: what it has not read no longer keeps facts from being trimmed.
///
/// # Errors
/// `Missing`, or the database's.
pub async fn unsubscribe(pool: &PgPool, consumer: &str) -> Result<(), BusError> {
    if consumer_delete(pool, consumer).await? {
        return Ok(());
    }
    Err(BusError::Missing(consumer.to_owned()))
}

/// All consumers, each with how many messages it has not read, at most.
///
/// # Errors
/// The database's.
pub async fn consumers(pool: &PgPool) -> Result<Vec<(ConsumerRow, u64)>, BusError> {
    let mut connection = pool.acquire().await.map_err(StoreError::from)?;
    let mut listed = Vec::new();
    for consumer in consumer_list(&mut *connection).await? {
        let events = event_backlog(&mut connection, &consumer.since).await;
        let waiting = events.map_err(StoreError::from)?.events + u64::try_from(consumer.facts).unwrap_or_default();
        listed.push((consumer, waiting));
    }
    Ok(listed)
}

/// Reads what comes next, at most `limit` messages. The consumer's position stays where it is until [`ack`].
///
/// # Errors
/// `Missing`, `Foreign`, or the database's.
pub async fn next(pool: &PgPool, consumer: &str, limit: usize) -> Result<Batch, BusError> {
    let window = consumer_window(pool, consumer).await?;
    let window = window.ok_or_else(|| BusError::Missing(consumer.to_owned()))?;
    if window.is_foreign {
        return Err(BusError::Foreign(consumer.to_owned()));
    }
    let room = |taken: usize| i64::try_from(limit - taken).unwrap_or(i64::MAX);
    let (since, snapshot, mut place) = (&window.since, &window.snapshot, window.after);
    let facts = outbox_page(pool, since, snapshot, place.after_id, room(0)).await?;
    place.after_id = facts.last().map_or(place.after_id, |(id, _)| *id);
    let mut messages: Vec<Message> = facts.into_iter().map(|(_, message)| message).collect();
    if messages.len() < limit {
        let mut connection = pool.acquire().await.map_err(StoreError::from)?;
        let events = event_page(&mut connection, since, snapshot, place.event(), room(messages.len())).await?;
        for event in events {
            place.set_event(event.place());
            messages.push(message(&event)?);
        }
    }
    let is_full = messages.len() == limit;
    Ok(Batch {
        count: messages.len(),
        messages,
        place: is_full.then_some(place),
        window,
    })
}

/// Moves the consumer behind a batch that was delivered.
///
/// # Errors
/// `Taken` where another process has moved the consumer since [`next`], or the database's.
pub async fn ack(pool: &PgPool, consumer: &str, batch: &Batch) -> Result<(), BusError> {
    if consumer_ack(pool, consumer, &batch.window, batch.place, batch.count).await? {
        return Ok(());
    }
    Err(BusError::Taken(consumer.to_owned()))
}

/// Delivers everything that was committed until now, batch after batch; how many messages that were. A kill between a
/// delivery and the move of the position leaves the position: the batch is delivered again.
///
/// # Errors
/// As [`next`] and [`ack`], or where a delivery fails: the batch then is the next one again.
pub async fn relay<E, D>(
    pool: &PgPool,
    consumer: &str,
    mut deliver: impl FnMut(Vec<Message>) -> D + Send,
) -> Result<usize, BusError>
where
    E: Into<Box<dyn Error + Send + Sync>>,
    D: Future<Output = Result<(), E>> + Send,
{
    let mut delivered = 0;
    loop {
        let mut batch = next(pool, consumer, BATCH_MAX).await?;
        let is_last = batch.is_last();
        if batch.count > 0 {
            let delivery = deliver(mem::take(&mut batch.messages)).await;
            delivery.map_err(|error| BusError::Delivery(error.into()))?;
        }
        // An empty window is not worth a write, unless a newer one follows it.
        if batch.count > 0 || !is_last {
            ack(pool, consumer, &batch).await?;
        }
        delivered += batch.count;
        if is_last {
            return Ok(delivered);
        }
    }
}

/// An event of a key as consumers get it. What proves that a buyer is the buyer stays in the shop.
fn message(stored: &StoredEvent) -> Result<Message, StoreError> {
    let event = &stored.event;
    let mut body: Value = serde_json::from_str(&stored.opening.body).map_err(|_| StoreError::Inconsistent {
        table: "attest.events",
        column: "body",
        row: format!("{} {}", stored.key_no, event.version),
    })?;
    if event.kind == Kind::Redeemed
        && let Some(fields) = body.as_object_mut()
    {
        fields.remove("buyerSecret");
    }
    Ok(Message {
        id: format!("{}/{}", event.key_id, event.version),
        topic: format!("key.{}", event.kind.name()),
        key: event.key_id.to_string(),
        at_ms: event.at_ms,
        body,
    })
}

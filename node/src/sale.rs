//! The hot path: many orders, one transaction.
//!
//! Requests gather in a queue while the batch before them is prepared ([`batcher`]); a batch takes its keys from the pools'
//! cursors under their locks ([`batch`]), decides each order in memory ([`plan`]), chains and signs every sale
//! ([`rows`]), and commits once. A buyer is answered after that.

use std::sync::Arc;

use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::config;
use crate::domain::delivery::OrderOutcome;
use crate::domain::id::OrderId;
use crate::domain::order::NewOrder;
use crate::fence::Gate;
use crate::flow::look_up;
use crate::vault::Vault;

mod batch;
mod batcher;
mod plan;
mod rows;
mod worker;

/// Why nothing can be said of an order yet. To ask again with the same idempotency key is always safe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// More orders wait than may.
    #[error("too many orders are waiting")]
    Busy,
    /// The idempotency key was used for a request of another content.
    #[error("this idempotency key belongs to another request")]
    OtherRequest,
    /// The database is away, or did not say whether the order stands.
    #[error("the database cannot be reached")]
    Unavailable,
    /// This machine's clock and the database's are more than a minute apart.
    #[error("this machine's clock and the database's are more than a minute apart")]
    Clock,
    /// The fence closed after the order was taken in, or the database became another.
    #[error("it is not known whether the database is up to date")]
    Fenced,
    /// The node is shutting down.
    #[error("this node is shutting down")]
    Closing,
    /// What the database holds is not what this program writes; the log says more.
    #[error("the order could not be read back")]
    Internal,
}

/// Tells the time, Unix milliseconds.
pub type Clock = fn() -> u64;

/// A worker's answer to one order.
type Reply = Result<Answer, PlaceError>;

/// What a batch says of an order.
#[derive(Debug)]
enum Answer {
    /// It was made now.
    Placed(OrderOutcome),
    /// It was made before; what it got is to be looked up.
    Earlier(OrderId),
}

/// An order that waits for its batch.
#[derive(Debug)]
struct Job {
    order: NewOrder,
    reply: oneshot::Sender<Reply>,
}

/// Takes orders, from any number of requests at once.
#[derive(Debug)]
pub struct OrderQueue {
    queue: mpsc::Sender<Job>,
    pool: PgPool,
    vault: Arc<Vault>,
}

/// The tasks that sell. They end when the counter is gone and the queue is empty.
#[derive(Debug)]
pub struct Workers(JoinSet<()>);

impl Workers {
    /// Waits until what was queued is settled.
    pub async fn finish(mut self) {
        while self.0.join_next().await.is_some() {}
    }
}

impl OrderQueue {
    /// Starts `settings.workers` tasks, each with a connection of its own; `pool` serves repeats, `now_ms` tells the time,
    /// and `gate` which database may be sold over.
    #[must_use]
    pub fn start(
        options: &PgConnectOptions,
        pool: PgPool,
        vault: Arc<Vault>,
        settings: &config::Sale,
        now_ms: Clock,
        gate: &Arc<Gate>,
    ) -> (Self, Workers) {
        let (queue, inbox) = mpsc::channel(settings.queue_max);
        let workers = batcher::start(inbox, options, &vault, settings, now_ms, gate);
        (Self { queue, pool, vault }, Workers(workers))
    }

    /// Orders that wait for their batch.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Whether there is anybody who sells.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Makes an order, or says again what became of it when it was made.
    ///
    /// # Errors
    /// Where neither can be said; the same request may be sent again.
    pub async fn place(&self, order: NewOrder) -> Result<OrderOutcome, PlaceError> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Job { order, reply }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => PlaceError::Busy,
            mpsc::error::TrySendError::Closed(_) => PlaceError::Closing,
        })?;
        // A worker that died took the reply with it.
        match answer.await.unwrap_or(Err(PlaceError::Unavailable))? {
            Answer::Placed(placed) => Ok(placed),
            Answer::Earlier(order) => look_up::look_up_placed(&self.pool, &self.vault, order)
                .await
                .map_err(|error| {
                    if error.is_passing() {
                        return PlaceError::Unavailable;
                    }
                    tracing::error!(%order, %error, "an order could not be read back");
                    PlaceError::Internal
                })?
                .ok_or(PlaceError::Internal),
        }
    }
}

//! The queue in which requests place orders.
//!
//! [`OrderQueue::place`] puts an order into the inbox and waits for the worker's reply. The queue owns the inbox and
//! starts the workers; dropping it lets them finish what waits and end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::first_answer::{FirstAnswerError, first_answer, first_reserved};
use super::inbox::{Inbox, NotTaken};
use super::job::{Answer, Clock, Job, PlaceError};
use super::lane::Bounds;
use super::worker;
use crate::config;
use crate::domain::delivery::{OrderOutcome, ReserveOutcome, Settled};
use crate::domain::id::OrderId;
use crate::domain::order::NewOrder;
use crate::domain::sale::{Intent, Reservation, Settlement};
use crate::fence::FenceState;
use crate::journal::Journal;
use crate::vault::Vault;

/// Takes orders, from any number of requests at once.
#[derive(Debug)]
pub struct OrderQueue {
    inbox: Arc<Inbox>,
    pool: PgPool,
    vault: Arc<Vault>,
    journal: Option<Arc<Journal>>,
}

/// The tasks that sell. They end once the queue is dropped and every waiting order is answered.
#[derive(Debug)]
pub struct Workers(JoinSet<()>);

impl Workers {
    /// Waits until every queued order is answered. The queue must have been dropped.
    pub async fn finish(mut self) {
        while self.0.join_next().await.is_some() {}
    }
}

impl OrderQueue {
    /// Starts `settings.workers` tasks, each with a connection of its own. The answers to repeats are read over `pool`,
    /// `now_ms` reads the time, and `fence` says on which database sales are allowed.
    #[must_use]
    pub fn start(
        options: &PgConnectOptions,
        pool: PgPool,
        vault: Arc<Vault>,
        settings: &config::Sale,
        checkout: &config::Checkout,
        now_ms: Clock,
        fence: &Arc<FenceState>,
    ) -> (Self, Workers) {
        let inbox = Arc::new(Inbox::new(Bounds {
            per_lane: settings.lane_max,
            in_all: settings.queue_max,
            batch_jobs: settings.batch_max,
        }));
        let workers = worker::start(&inbox, options, &vault, settings, checkout, now_ms, fence);
        let orders = Self {
            inbox,
            pool,
            vault,
            journal: fence.journal(),
        };
        (orders, Workers(workers))
    }

    /// The number of orders that wait for a batch.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.inbox.waiting()
    }

    /// How long the oldest order has waited for a batch. Orders that are parked because their product or wallet is
    /// locked do not count.
    #[must_use]
    pub fn oldest_wait(&self) -> Duration {
        self.inbox.oldest_wait()
    }

    /// Whether a worker is running.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.inbox.is_open()
    }

    /// Places an order. If it was placed before, returns the answer that it got then.
    ///
    /// # Errors
    /// If neither is known. The same request may always be sent again.
    pub async fn place(&self, order: NewOrder) -> Result<OrderOutcome, PlaceError> {
        match self.ask(Intent::Sell(order)).await? {
            Answer::Placed(outcome) => Ok(outcome),
            Answer::Earlier(order) => {
                let answer = first_answer(&self.pool, &self.vault, self.journal.as_deref(), order);
                answer.await.map_err(|error| unreadable(order, &error))
            }
            Answer::Reserved(_) | Answer::Settled(_) => Err(PlaceError::Internal),
        }
    }

    /// Places an order that is to be paid, and holds its keys. If it was placed before, returns that order; a refusal is
    /// not remembered.
    ///
    /// # Errors
    /// As [`place`](Self::place), and where too much waits for payment already.
    pub async fn reserve(&self, reservation: Reservation) -> Result<ReserveOutcome, PlaceError> {
        match self.ask(Intent::Reserve(reservation)).await? {
            Answer::Reserved(outcome) => Ok(outcome),
            Answer::Earlier(order) => {
                let answer = first_reserved(&self.pool, order).await;
                answer
                    .map(ReserveOutcome::Reserved)
                    .map_err(|error| unreadable(order, &error))
            }
            Answer::Placed(_) | Answer::Settled(_) => Err(PlaceError::Internal),
        }
    }

    /// Takes a payment, and delivers its order; or delivers an order that was paid before.
    ///
    /// # Errors
    /// If it is not known what became of it. It may always be settled again.
    pub async fn settle(&self, settlement: Settlement) -> Result<Settled, PlaceError> {
        match self.ask(Intent::Settle(settlement)).await? {
            Answer::Settled(settled) => Ok(settled),
            Answer::Placed(_) | Answer::Reserved(_) | Answer::Earlier(_) => Err(PlaceError::Internal),
        }
    }

    /// What a worker answers.
    async fn ask(&self, intent: Intent) -> Result<Answer, PlaceError> {
        let (reply, answer) = oneshot::channel();
        let job = Job {
            intent,
            arrived: Instant::now(),
            reply,
        };
        self.inbox.push(job).map_err(|error| match error {
            NotTaken::Full => PlaceError::Busy,
            NotTaken::Closed => PlaceError::Closing,
        })?;
        // If a worker panics, the sender of the reply is dropped.
        answer.await.unwrap_or(Err(PlaceError::Unavailable))
    }
}

/// That the first answer of an order that was placed cannot be given again.
fn unreadable(order: OrderId, error: &FirstAnswerError) -> PlaceError {
    match error {
        FirstAnswerError::Unwritten(_) => PlaceError::Unwritten,
        error if error.is_passing() => PlaceError::Unavailable,
        error => {
            tracing::error!(%order, %error, "an order could not be read back");
            PlaceError::Internal
        }
    }
}

impl Drop for OrderQueue {
    fn drop(&mut self) {
        self.inbox.close();
    }
}

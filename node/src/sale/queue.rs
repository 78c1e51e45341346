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

use super::first_answer::{FirstAnswerError, first_answer};
use super::inbox::{Inbox, NotTaken};
use super::job::{Answer, Clock, Job, PlaceError};
use super::lane::Bounds;
use super::worker;
use crate::config;
use crate::domain::delivery::OrderOutcome;
use crate::domain::order::NewOrder;
use crate::domain::sale::Intent;
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
        now_ms: Clock,
        fence: &Arc<FenceState>,
    ) -> (Self, Workers) {
        let inbox = Arc::new(Inbox::new(Bounds {
            per_lane: settings.lane_max,
            in_all: settings.queue_max,
            batch_jobs: settings.batch_max,
        }));
        let workers = worker::start(&inbox, options, &vault, settings, now_ms, fence);
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
        let (reply, answer) = oneshot::channel();
        let job = Job {
            intent: Intent::Sell(order),
            arrived: Instant::now(),
            reply,
        };
        self.inbox.push(job).map_err(|error| match error {
            NotTaken::Full => PlaceError::Busy,
            NotTaken::Closed => PlaceError::Closing,
        })?;
        // If a worker panics, the sender of the reply is dropped.
        match answer.await.unwrap_or(Err(PlaceError::Unavailable))? {
            Answer::Placed(outcome) => Ok(outcome),
            Answer::Earlier(order) => {
                let answer = first_answer(&self.pool, &self.vault, self.journal.as_deref(), order);
                answer.await.map_err(|error| match error {
                    FirstAnswerError::Unwritten(_) => PlaceError::Unwritten,
                    error if error.is_passing() => PlaceError::Unavailable,
                    error => {
                        tracing::error!(%order, %error, "an order could not be read back");
                        PlaceError::Internal
                    }
                })
            }
        }
    }
}

impl Drop for OrderQueue {
    fn drop(&mut self) {
        self.inbox.close();
    }
}

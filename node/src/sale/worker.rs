//! The workers. Each takes one batch after another from the inbox, and works on it until every job is answered or back
//! in the inbox.
//!
//! What follows a failure depends on its cause:
//!
//! - A row was refused: the batch runs again in halves, down to single orders, so that one bad order does not fail the
//!   others. An order that still fails alone is recorded as abnormal, for an operator to look at.
//! - The database failed: the whole batch is tried again a few times; after that its customers are told to try again
//!   later.
//! - The commit was not answered: the worker waits for the end of the transaction, then runs the batch again. The
//!   second run finds the orders if the first one was committed.
//! - A lock was not granted within the session's `lock_timeout`: the batch runs again without waiting, and the orders
//!   that need the locked rows are parked.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::batch::{self, ANSWER_BOUND, BatchError, Outcome, timed_out};
use super::connection::WorkerConnection;
use super::context::BatchContext;
use super::inbox::{Inbox, Seat, Turn};
use super::job::{Answer, Clock, Job, PARKED_MAX, PlaceError, Reply, Verdict};
use super::read::Patience;
use super::read_ahead::ReadAhead;
use super::trouble::Troubles;
use crate::config;
use crate::domain::delivery::{OrderOutcome, Settled};
use crate::domain::sale::{Intent, Neighbour};
use crate::fence::FenceState;
use crate::store::StoreError;
use crate::telemetry::metrics;
use crate::vault::Vault;

/// How often a single order is tried before it is recorded as abnormal, and a batch before its orders are refused for
/// now.
const TRIES: u32 = 3;

/// Starts the workers, which share one inbox.
pub(super) fn start(
    inbox: &Arc<Inbox>,
    options: &PgConnectOptions,
    vault: &Arc<Vault>,
    settings: &config::Sale,
    checkout: &config::Checkout,
    now_ms: Clock,
    fence: &Arc<FenceState>,
) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    let troubles = Arc::<Troubles>::default();
    let read_ahead = Arc::<ReadAhead>::default();
    let lock_wait = Duration::from_millis(settings.lock_wait_ms);
    for _ in 0..settings.workers {
        let (options, fence, seat) = (
            options.clone(),
            Arc::clone(fence),
            Arc::new(Seat::new(Arc::clone(inbox))),
        );
        let context = BatchContext {
            vault: Arc::clone(vault),
            troubles: Arc::clone(&troubles),
            read_ahead: Arc::clone(&read_ahead),
            journal: fence.journal(),
            anchor_within_s: settings.anchor_within_s,
            keys_max: settings.batch_keys_max,
            caps: checkout.caps(),
            pay_within_ms: checkout.pay_within_s * 1_000,
            now_ms,
            fence: Arc::clone(&fence),
        };
        // Each worker has its own thread. It holds row locks between two statements, and on a shared runtime it could
        // have to wait there behind the requests that it just answered.
        workers.spawn_blocking(move || {
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return tracing::error!(%error, "a worker could not start"),
            };
            let new = || Worker {
                connection: WorkerConnection::new(&options, lock_wait, &fence),
                context: context.clone(),
                inbox: seat.inbox(),
            };
            // The orders of a batch that panics are answered as unavailable. When they are sent again, the next worker
            // finds those that were committed.
            while runtime.block_on(runtime.spawn(work(new(), Arc::clone(&seat)))).is_err() {
                tracing::error!("a worker ended in a panic; another takes its place");
            }
        });
    }
    workers
}

/// Runs one batch after another until the queue is dropped and nothing waits.
async fn work(mut worker: Worker, seat: Arc<Seat>) {
    while let Some((jobs, turn)) = seat.next().await {
        worker.run(jobs, turn).await;
    }
}

/// One worker: its connection, and what its batches need.
struct Worker {
    connection: WorkerConnection,
    context: BatchContext,
    inbox: Arc<Inbox>,
}

/// A part of a batch that is tried as one transaction.
struct Part {
    jobs: Vec<Job>,
    tries: u32,
    /// How often it was run again because another batch had placed one of its orders.
    reruns: usize,
    patience: Patience,
}

impl Part {
    const fn new(jobs: Vec<Job>) -> Self {
        Self {
            jobs,
            tries: 0,
            reruns: 0,
            patience: Patience::Waits,
        }
    }
}

impl Worker {
    /// Answers every job, or returns it to the inbox. `turn` is dropped before the first part is written.
    async fn run(&mut self, jobs: Vec<Job>, turn: Turn) {
        // Nothing has been done yet for these jobs, so those whose request has gone are dropped.
        let jobs: Vec<Job> = jobs.into_iter().filter(|job| !job.reply.is_closed()).collect();
        if jobs.is_empty() {
            return;
        }
        let mut parts = VecDeque::from([Part::new(jobs)]);
        let mut turn = Some(turn);
        while let Some(part) = parts.pop_front() {
            match self.attempt(&part, turn.take()).await {
                Ok(outcome) => self.conclude(part.jobs, outcome),
                Err(error) => self.after(error, part, &mut parts).await,
            }
        }
    }

    fn park(&self, job: Job, due: Instant) {
        if job.arrived + PARKED_MAX <= due {
            answer(job, Err(PlaceError::Stalled));
        } else {
            self.inbox.park(job, due);
        }
    }

    /// Sends the replies of a batch that was carried out, and returns the other jobs to the inbox. The replies of a batch
    /// that sold something are sent by the journal, once its record is on the disk: the worker goes on meanwhile.
    fn conclude(&self, jobs: Vec<Job>, outcome: Outcome) {
        let (mut next, mut replies) = (Vec::new(), Vec::new());
        for (job, verdict) in jobs.into_iter().zip(outcome.verdicts) {
            match verdict {
                Verdict::Reply(reply) => replies.push((job, reply)),
                Verdict::Next => next.push(job),
                Verdict::Park(due) => self.park(job, due),
            }
        }
        if !next.is_empty() {
            self.inbox.put_back(next);
        }
        match (&self.context.journal, outcome.record) {
            (Some(journal), Some(record)) => journal.append(record, move |is_written| answer_all(replies, is_written)),
            _ => answer_all(replies, true),
        }
    }

    /// Runs a part in one transaction, which drops `turn` before it writes.
    async fn attempt(&mut self, part: &Part, turn: Option<Turn>) -> Result<Outcome, BatchError> {
        let intents: Vec<_> = part.jobs.iter().map(|job| &job.intent).collect();
        let connection = self.connection.fenced().await?;
        batch::run(connection, &self.context, &intents, part.patience, turn).await
    }

    /// Handles a failure: answers the part's jobs, or puts what is to be tried again into `parts`.
    async fn after(&mut self, error: BatchError, part: Part, parts: &mut VecDeque<Part>) {
        metrics::batch_failed();
        tracing::warn!(%error, orders = part.jobs.len(), tries = part.tries, "a batch was not committed");
        match error {
            BatchError::Fenced => refuse(part.jobs, &PlaceError::Fenced),
            BatchError::Unanswered { transaction, .. } => {
                // After its end, only the orders' rows tell whether it was committed. Its reported status does not: a
                // server that lost the transaction in a crash may have given its number to another one.
                if self.connection.has_ended(&transaction).await {
                    try_again(part, parts);
                } else {
                    refuse(part.jobs, &PlaceError::Unavailable);
                }
            }
            // Each further run finds one more of the orders placed, so that there are no more runs than orders.
            BatchError::Placed if part.reruns < part.jobs.len() => parts.push_front(Part {
                reruns: part.reruns + 1,
                ..part
            }),
            BatchError::Placed => {
                tracing::error!("an order is placed and cannot be found: see whether the index orders_pkey is damaged");
                refuse(part.jobs, &PlaceError::Stalled);
            }
            BatchError::Volatile => {
                self.lose();
                try_again(part, parts);
            }
            // Not counted either: the next run finds out which rows are locked, and parks the orders that need them.
            BatchError::Store(error) if error.is_locked() && part.patience == Patience::Waits => {
                parts.push_front(Part {
                    patience: Patience::Skips,
                    ..part
                });
            }
            // The database was loaded into a server that numbers its transactions from the start. A batch may then get
            // the number of an earlier one, and that one's sold events would be taken for its own. The orders are not
            // the cause.
            BatchError::Store(error) if error.constraint() == Some("sale_batches_xid_key") => {
                tracing::error!(%error, "the server gives out transaction numbers that this database has seen before");
                self.lose();
                refuse(part.jobs, &PlaceError::Fenced);
            }
            BatchError::Store(error) if error.is_of_database() && !error.is_locked() => {
                if error.is_lost() {
                    self.lose();
                }
                try_again(part, parts);
            }
            error => self.retry(&error, part, parts).await,
        }
    }

    /// Divides a part into halves. A single order is tried again, and after its last try it is given up.
    async fn retry(&mut self, error: &BatchError, mut part: Part, parts: &mut VecDeque<Part>) {
        if part.jobs.len() > 1 {
            let second = part.jobs.split_off(part.jobs.len() / 2);
            parts.push_front(Part::new(second));
            parts.push_front(Part::new(part.jobs));
        } else if part.tries + 1 < TRIES {
            parts.push_front(Part {
                tries: part.tries + 1,
                ..part
            });
        } else if matches!(error, BatchError::Store(error) if is_of_key(error)) {
            // The order is not the cause: its next key was sold before. The product is held back until somebody mended
            // that, and the error above names the constraint.
            for job in &part.jobs {
                self.hold_back(&job.intent);
            }
            refuse(part.jobs, &PlaceError::Stalled);
        } else if matches!(error, BatchError::Store(error) if error.is_locked() || !error.is_of_rows()) {
            // The cause is a damaged or locked row and not the order, which can be placed later.
            refuse(part.jobs, &PlaceError::Stalled);
        } else {
            for job in part.jobs {
                self.give_up(job).await;
            }
        }
    }

    /// Holds back the product of an order whose key is at fault. Of an order of several products it is not known whose.
    fn hold_back(&self, intent: &Intent) {
        if intent.placing().is_none() {
            return;
        }
        let products = intent.neighbours().filter_map(|neighbour| match neighbour {
            Neighbour::Product(product) => Some(product),
            Neighbour::Account(_) | Neighbour::Coupon(_) | Neighbour::Payments => None,
        });
        let products: BTreeSet<_> = products.collect();
        if let (Some(product), 1) = (products.first().copied(), products.len()) {
            tracing::error!(%product, "its pool's next key was sold before: see what `admin check` finds");
            self.context.troubles.unsellable(Neighbour::Product(product));
        }
    }

    /// Gives the connection up. What was read over it may be gone with the server that it led to.
    fn lose(&mut self) {
        self.connection.lose();
        self.context.read_ahead.clear();
    }

    /// Records an order as abnormal and answers it. If that fails too, the customer is told to try again later.
    async fn give_up(&mut self, job: Job) {
        tracing::error!(order = %job.intent.order(), "an order could not be carried out");
        // Of an order that is not paid nothing needs to be kept; a payment is asked for again.
        let Some(order) = job.intent.selling().cloned() else {
            return answer(job, Err(PlaceError::Stalled));
        };
        let now_ms = (self.context.now_ms)();
        let recorded = match self.connection.fenced().await {
            Ok(connection) => {
                let recorded = batch::record_abnormal(connection, &job.intent, &order, now_ms);
                timeout(ANSWER_BOUND, recorded)
                    .await
                    .unwrap_or_else(|_| Err(timed_out().into()))
            }
            Err(error) => Err(error),
        };
        match recorded {
            Ok(outcome) => self.conclude(vec![job], outcome),
            Err(error) => {
                tracing::error!(order = %job.intent.order(), %error, "an order could not be recorded as abnormal");
                self.lose();
                answer(job, Err(PlaceError::Unavailable));
            }
        }
    }
}

/// Whether a key that was to be sold has an event already that the batch did not see.
fn is_of_key(error: &StoreError) -> bool {
    matches!(error.constraint(), Some("events_pkey" | "events_sold_once"))
}

/// Tries the whole part again. After its last try, its customers are told to try again later.
fn try_again(part: Part, parts: &mut VecDeque<Part>) {
    if part.tries + 1 < TRIES {
        parts.push_front(Part {
            tries: part.tries + 1,
            ..part
        });
    } else {
        refuse(part.jobs, &PlaceError::Unavailable);
    }
}

/// Sends the replies of a batch. Where its record is not in the journal nobody is told of a sale: the orders stand, and
/// their repeats are answered once the journal can be written.
fn answer_all(replies: Vec<(Job, Reply)>, is_written: bool) {
    for (job, reply) in replies {
        let is_sale = matches!(
            reply,
            Ok(Answer::Placed(OrderOutcome::Delivered(_)) | Answer::Settled(Settled::Delivered { .. }))
        );
        if is_sale && !is_written {
            answer(job, Err(PlaceError::Unwritten));
        } else {
            answer(job, reply);
        }
    }
}

fn answer(job: Job, reply: Reply) {
    match &reply {
        Ok(Answer::Placed(OrderOutcome::Delivered(delivered))) => metrics::sold(delivered.items.len()),
        Ok(Answer::Settled(Settled::Delivered { items })) => metrics::sold(*items),
        Ok(Answer::Placed(OrderOutcome::Refused { reason, .. })) => metrics::refused(reason.name()),
        _ => {}
    }
    // The request may have gone. The order stands nevertheless, and its repeat gets the answer.
    let _ = job.reply.send(reply);
}

fn refuse(jobs: Vec<Job>, error: &PlaceError) {
    for job in jobs {
        answer(job, Err(error.clone()));
    }
}

//! Workers: each takes batch after batch, and works on it until every job of it has an answer.
//!
//! A batch that fails for its rows runs again in halves, down to single orders, so that one bad order never fails its
//! neighbours. One that still fails alone is recorded as abnormal, for somebody to look at. Any other failure is the
//! database's: all of the batch is tried again, and then told to come back. After a commit that was not answered the end of
//! its transaction is waited for; then the batch runs again, and finds its orders if it was committed.
//!
//! A batch waits for locks as long as the session's `lock_timeout` allows, once: then it runs again without those rows, and
//! the orders that need them are parked.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::batch::{self, ANSWER_BOUND, BatchError, Verdicts, timed_out};
use super::connection::WorkerConnection;
use super::context::BatchContext;
use super::inbox::{Inbox, Seat, Turn};
use super::job::{Answer, Clock, Job, PARKED_MAX, PlaceError, Reply, Verdict};
use super::read::Patience;
use super::trouble::Troubles;
use crate::config;
use crate::domain::delivery::OrderOutcome;
use crate::fence::FenceState;
use crate::telemetry::metrics;
use crate::vault::Vault;

/// How often one order is tried alone before it is abnormal, and a batch before it is told to come back.
const TRIES: u32 = 3;

/// Starts the workers over one inbox.
pub(super) fn start(
    inbox: &Arc<Inbox>,
    options: &PgConnectOptions,
    vault: &Arc<Vault>,
    settings: &config::Sale,
    now_ms: Clock,
    fence: &Arc<FenceState>,
) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    let troubles = Arc::<Troubles>::default();
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
            anchor_within_s: settings.anchor_within_s,
            keys_max: settings.batch_keys_max,
            now_ms,
        };
        // A thread of its own: between two statements a worker must not wait behind the requests that it just answered,
        // for it holds the pool's lock.
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
            // Orders of a batch that ends in a panic are told to come back; the next worker finds what was committed.
            while runtime.block_on(runtime.spawn(work(new(), Arc::clone(&seat)))).is_err() {
                tracing::error!("a worker ended in a panic; another takes its place");
            }
        });
    }
    workers
}

/// Batch after batch, until the queue is dropped and nothing waits.
async fn work(mut worker: Worker, seat: Arc<Seat>) {
    while let Some((jobs, turn)) = seat.next().await {
        worker.run(jobs, turn).await;
    }
}

/// A task's connection, and what it sells with.
struct Worker {
    connection: WorkerConnection,
    context: BatchContext,
    inbox: Arc<Inbox>,
}

/// Some orders of a batch, how often they were tried, and whether they wait for locks.
struct Part {
    jobs: Vec<Job>,
    tries: u32,
    patience: Patience,
}

impl Part {
    const fn new(jobs: Vec<Job>) -> Self {
        Self {
            jobs,
            tries: 0,
            patience: Patience::Waits,
        }
    }
}

impl Worker {
    /// Answers every job, or returns it to the inbox. `turn` passes on before the commit of the first part.
    async fn run(&mut self, jobs: Vec<Job>, turn: Turn) {
        // Those that nobody waits for any more are dropped before anything is done for them.
        let jobs: Vec<Job> = jobs.into_iter().filter(|job| !job.reply.is_closed()).collect();
        if jobs.is_empty() {
            return;
        }
        let mut parts = VecDeque::from([Part::new(jobs)]);
        let mut turn = Some(turn);
        while let Some(part) = parts.pop_front() {
            match self.attempt(&part, turn.take()).await {
                Ok(verdicts) => self.conclude(part.jobs, verdicts),
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

    fn conclude(&self, jobs: Vec<Job>, verdicts: Verdicts) {
        let mut next = Vec::new();
        for (job, verdict) in jobs.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Reply(reply) => answer(job, reply),
                Verdict::Next => next.push(job),
                Verdict::Park(due) => self.park(job, due),
            }
        }
        if !next.is_empty() {
            self.inbox.put_back(next);
        }
    }

    /// One transaction over a part, which gives `turn` back.
    async fn attempt(&mut self, part: &Part, turn: Option<Turn>) -> Result<Verdicts, BatchError> {
        let intents: Vec<_> = part.jobs.iter().map(|job| &job.intent).collect();
        let connection = self.connection.fenced().await?;
        batch::run(connection, &self.context, &intents, part.patience, turn).await
    }

    /// What follows a failure: an answer, or other parts to try.
    async fn after(&mut self, error: BatchError, part: Part, parts: &mut VecDeque<Part>) {
        metrics::batch_failed();
        tracing::warn!(%error, orders = part.jobs.len(), tries = part.tries, "a batch did not stand");
        match error {
            BatchError::Clock(_) => refuse(part.jobs, &PlaceError::Clock),
            BatchError::Fenced => refuse(part.jobs, &PlaceError::Fenced),
            BatchError::Unanswered { transaction, .. } => {
                // Once it has ended, the orders' rows tell, whatever the status says: a server that lost the transaction
                // in its own crash may have given its number to another.
                if self.connection.has_ended(&transaction).await {
                    try_again(part, parts);
                } else {
                    refuse(part.jobs, &PlaceError::Unavailable);
                }
            }
            // No try is counted: each time at least one order fewer is left.
            BatchError::Placed(_) => parts.push_front(part),
            BatchError::Volatile => {
                self.connection.lose();
                try_again(part, parts);
            }
            // Nor here: whose rows are locked is found out now, and their orders are parked.
            BatchError::Store(error) if error.is_locked() && part.patience == Patience::Waits => {
                parts.push_front(Part {
                    patience: Patience::Skips,
                    ..part
                });
            }
            // The database was loaded into a server that counts its transactions anew: a batch here may have the number of
            // an earlier one, whose sold events would be taken for its own. That is no fault of these orders.
            BatchError::Store(error) if error.constraint() == Some("sale_batches_xid_key") => {
                tracing::error!(%error, "the server gives out transaction numbers that this database has seen before");
                self.connection.lose();
                refuse(part.jobs, &PlaceError::Fenced);
            }
            BatchError::Store(error) if error.is_of_database() && !error.is_locked() => {
                if error.is_lost() {
                    self.connection.lose();
                }
                try_again(part, parts);
            }
            error => self.retry(&error, part, parts).await,
        }
    }

    /// Halves, or another try alone, or the end of the tries.
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
        } else if matches!(error, BatchError::Store(error) if error.is_locked() || !error.is_of_rows()) {
            // A damaged row, or one that somebody else has locked, is no fault of the order: it can be placed later.
            refuse(part.jobs, &PlaceError::Stalled);
        } else {
            for job in part.jobs {
                self.give_up(job).await;
            }
        }
    }

    async fn give_up(&mut self, job: Job) {
        tracing::error!(order = %job.intent.order(), "an order could not be carried out");
        let now_ms = (self.context.now_ms)();
        let recorded = match self.connection.fenced().await {
            Ok(connection) => {
                let recorded = batch::record_abnormal(connection, &job.intent, now_ms);
                timeout(ANSWER_BOUND, recorded)
                    .await
                    .unwrap_or_else(|_| Err(timed_out().into()))
            }
            Err(error) => Err(error),
        };
        match recorded {
            Ok(verdicts) => self.conclude(vec![job], verdicts),
            Err(error) => {
                tracing::error!(order = %job.intent.order(), %error, "nor could it be recorded");
                self.connection.lose();
                answer(job, Err(PlaceError::Unavailable));
            }
        }
    }
}

/// The whole part again, or, after its tries, the advice to come back.
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

fn answer(job: Job, reply: Reply) {
    match &reply {
        Ok(Answer::Placed(OrderOutcome::Delivered(delivered))) => metrics::sold(delivered.items.len()),
        Ok(Answer::Placed(OrderOutcome::Refused { reason, .. })) => metrics::refused(reason.name()),
        _ => {}
    }
    // Whoever sent the order may have gone. The order stands all the same, and its repeat finds it.
    let _ = job.reply.send(reply);
}

fn refuse(jobs: Vec<Job>, error: &PlaceError) {
    for job in jobs {
        answer(job, Err(error.clone()));
    }
}

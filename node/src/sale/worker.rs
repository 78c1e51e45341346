//! What a worker does with a batch until every order of it has an answer.
//!
//! A batch that fails runs again in halves, down to single orders, so that one bad order never fails its neighbours. One
//! that still fails alone is recorded as abnormal, for somebody to look at. Where the database is away or busy, all of the
//! batch is tried again, and then told to come back. After a commit that was not answered its transaction's end is waited
//! for; then the batch runs again, and finds its idempotency rows if it stood.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use shelfproof_anchor::store::fence::{Instance, fence_instance};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};

use super::batch::{self, ANSWER_BOUND, Answers, BatchContext, BatchError, timed_out};
use super::batcher::Turn;
use super::rows::RowsError;
use super::{Answer, Clock, Job, PlaceError};
use crate::domain::delivery::OrderOutcome;
use crate::fence::Gate;
use crate::store::StoreError;
use crate::store::sale::transaction_runs;
use crate::store::session;
use crate::telemetry::metrics;
use crate::vault::Vault;

/// How often one order is tried alone before it is abnormal, and a batch before it is told to come back.
const TRIES: u32 = 3;
/// How long a connection may take to open.
const CONNECT_BOUND: Duration = Duration::from_secs(2);
/// How often a commit's outcome is asked for, and how long between.
const OUTCOME_TRIES: u32 = 20;
const OUTCOME_PAUSE: Duration = Duration::from_millis(250);

/// A task's connection, and what it signs with.
pub(super) struct Worker {
    options: PgConnectOptions,
    gate: Arc<Gate>,
    /// With where it leads.
    connection: Option<(PgConnection, Instance)>,
    seller: BatchContext,
}

/// Some orders of a batch, and how often they were tried.
struct Part {
    jobs: Vec<Job>,
    tries: u32,
}

impl Worker {
    pub(super) fn new(
        options: &PgConnectOptions,
        vault: Arc<Vault>,
        anchor_within_s: u64,
        now_ms: Clock,
        gate: &Arc<Gate>,
    ) -> Self {
        Self {
            options: options.clone(),
            gate: Arc::clone(gate),
            connection: None,
            seller: BatchContext {
                vault,
                anchor_within_s,
                now_ms,
            },
        }
    }

    /// Answers every job. `turn` passes on when the first part waits for its commit, or for somebody else.
    pub(super) async fn run(&mut self, jobs: Vec<Job>, turn: Turn) {
        let mut parts = VecDeque::from([Part { jobs, tries: 0 }]);
        let mut turn = Some(turn);
        while let Some(part) = parts.pop_front() {
            match self.attempt(&part, turn.take()).await {
                Ok(answers) => reply(part.jobs, answers),
                Err(error) => self.after(error, part, &mut parts).await,
            }
        }
    }

    /// One transaction over a part, which gives `turn` back.
    async fn attempt(&mut self, part: &Part, turn: Option<Turn>) -> Result<Answers, BatchError> {
        let seller = self.seller.clone();
        let orders: Vec<_> = part.jobs.iter().map(|job| &job.order).collect();
        batch::run(self.fenced_connection().await?, &seller, &orders, turn).await
    }

    /// What follows a failure: an answer, or other parts to try.
    async fn after(&mut self, error: BatchError, part: Part, parts: &mut VecDeque<Part>) {
        metrics::batch_failed();
        tracing::warn!(%error, orders = part.jobs.len(), tries = part.tries, "a batch did not stand");
        match error {
            BatchError::Clock(_) => refuse(part.jobs, &PlaceError::Clock),
            BatchError::Fenced => refuse(part.jobs, &PlaceError::Fenced),
            BatchError::Unanswered { transaction, .. } => {
                // Once it has ended, the idempotency rows tell, whatever the status says: a server that lost the
                // transaction in its own crash may have given its number to another.
                if self.has_ended(&transaction).await {
                    once_more(part, parts);
                } else {
                    refuse(part.jobs, &PlaceError::Unavailable);
                }
            }
            BatchError::Store(error) if error.is_passing() => {
                if error.is_lost() {
                    self.connection = None;
                }
                once_more(part, parts);
            }
            error => self.again(&error, part, parts).await,
        }
    }

    /// Halves, or another try alone, or the end of the tries.
    async fn again(&mut self, error: &BatchError, mut part: Part, parts: &mut VecDeque<Part>) {
        if part.jobs.len() > 1 {
            let second = part.jobs.split_off(part.jobs.len() / 2);
            parts.push_front(Part { jobs: second, tries: 0 });
            parts.push_front(Part { tries: 0, ..part });
        } else if part.tries + 1 < TRIES {
            parts.push_front(Part {
                tries: part.tries + 1,
                ..part
            });
        } else if let BatchError::BatchRows(RowsError::Vault { .. }) = error {
            // The shop's own fault, to be mended: the order can be placed then, under the same key.
            refuse(part.jobs, &PlaceError::Unavailable);
        } else {
            for job in part.jobs {
                self.give_up(job).await;
            }
        }
    }

    async fn give_up(&mut self, job: Job) {
        tracing::error!(order = %job.order.id, "an order could not be settled");
        let now_ms = (self.seller.now_ms)();
        let recorded = match self.fenced_connection().await {
            Ok(connection) => {
                let recorded = batch::record_abnormal(connection, &job.order, now_ms);
                timeout(ANSWER_BOUND, recorded)
                    .await
                    .unwrap_or_else(|_| Err(timed_out().into()))
            }
            Err(error) => Err(error),
        };
        match recorded {
            Ok(answers) => reply(vec![job], answers),
            Err(error) => {
                tracing::error!(order = %job.order.id, %error, "nor could it be recorded");
                self.connection = None;
                refuse(vec![job], &PlaceError::Unavailable);
            }
        }
    }

    /// Whether a transaction is over, by another connection; not, where nobody says.
    async fn has_ended(&mut self, transaction: &str) -> bool {
        self.connection = None;
        for _ in 0..OUTCOME_TRIES {
            if let Ok(connection) = self.connection().await {
                match timeout(ANSWER_BOUND, transaction_runs(connection, transaction)).await {
                    Ok(Ok(true)) => {}
                    Ok(Ok(false)) => return true,
                    _ => self.connection = None,
                }
            }
            sleep(OUTCOME_PAUSE).await;
        }
        false
    }

    /// A connection to the database that the fence let pass. What a commit was not answered from, or an order waited for, may
    /// be behind it by now, and sell again what was sold.
    async fn fenced_connection(&mut self) -> Result<&mut PgConnection, BatchError> {
        if !self.is_admitted() {
            self.connection = None;
            self.connection().await?;
            if !self.is_admitted() {
                return Err(BatchError::Fenced);
            }
        }
        Ok(self.connection().await?)
    }

    fn is_admitted(&self) -> bool {
        let leads_to = self.connection.as_ref().map(|(_, instance)| instance);
        leads_to.is_some_and(|instance| self.gate.admits(instance))
    }

    async fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        if self.connection.is_none() {
            let opened = async {
                let mut opened = PgConnection::connect_with(&self.options).await?;
                session::session_prepare(&mut opened).await?;
                let instance = fence_instance(&mut opened).await?;
                Ok::<_, StoreError>((opened, instance))
            };
            let opened = timeout(CONNECT_BOUND, opened).await.map_err(|_| timed_out())??;
            self.gate.reached(opened.1);
            self.connection = Some(opened);
        }
        self.connection
            .as_mut()
            .map(|(connection, _)| connection)
            .ok_or_else(|| StoreError::Database(sqlx::Error::WorkerCrashed))
    }
}

/// The whole part again, or, after its tries, the advice to come back.
fn once_more(part: Part, parts: &mut VecDeque<Part>) {
    if part.tries + 1 < TRIES {
        parts.push_front(Part {
            tries: part.tries + 1,
            ..part
        });
    } else {
        refuse(part.jobs, &PlaceError::Unavailable);
    }
}

fn reply(jobs: Vec<Job>, answers: Answers) {
    for (job, answer) in jobs.into_iter().zip(answers) {
        match &answer {
            Ok(Answer::Placed(OrderOutcome::Delivered(delivered))) => metrics::sold(delivered.items.len()),
            Ok(Answer::Placed(OrderOutcome::Refused { reason, .. })) => metrics::refused(reason.name()),
            _ => {}
        }
        // Who asked may have gone; the order stands, and its repeat finds it.
        let _ = job.reply.send(answer);
    }
}

fn refuse(jobs: Vec<Job>, error: &PlaceError) {
    for job in jobs {
        let _ = job.reply.send(Err(error.clone()));
    }
}

//! Runs tasks, each in a loop of its own, so that one that is slow, fails or panics never delays another.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio::time::{Instant, timeout};

use super::{Scheduled, TaskError};
use crate::domain::task::{Outcome, TaskState};
use crate::store::StoreError;
use crate::telemetry::metrics;

/// How long a claim holds unless it is renewed, and so how long after a `kill -9` another process takes over.
pub const LEASE: Duration = Duration::from_secs(30);

/// How often the claim of a run is renewed.
const RENEW_PERIOD: Duration = Duration::from_secs(5);

/// The longest pause between two looks at a task's row, and so how late a nudge from another process is noticed.
const POLL_PERIOD: Duration = Duration::from_secs(2);

/// The pause after the database did not answer.
const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// How long a run that was told to stop may take to reach its next await.
const ABORT_BOUND: Duration = Duration::from_secs(5);

/// Where the rows of tasks are. The time that comes with a row is that table's clock, Unix milliseconds.
pub trait TaskTable: Send + Sync + 'static {
    /// A task's row; one that was never seen before is new.
    fn get(&self, name: &str) -> impl Future<Output = Result<(TaskState, u64), StoreError>> + Send;

    /// Changes a task's row under a lock, and returns it with the answer of `change`.
    fn change<T: Send>(
        &self,
        name: &str,
        change: impl FnOnce(&mut TaskState, u64) -> T + Send,
    ) -> impl Future<Output = Result<(TaskState, T), StoreError>> + Send;
}

/// The time as a process sees it pass; tests have one that passes when they say so.
pub trait Clock: Clone + Send + Sync + 'static {
    fn now(&self) -> Duration;

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// The time since it was made.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock(Instant);

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The rows of a process's tasks as it last saw them, for whoever asks it over HTTP.
#[derive(Clone, Debug, Default)]
pub struct LastSeen(Arc<Mutex<BTreeMap<String, TaskState>>>);

impl LastSeen {
    fn note(&self, state: &TaskState) {
        metrics::task(state);
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.insert(state.name.clone(), state.clone());
    }

    /// By name.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskState> {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.values().cloned().collect()
    }
}

/// Runs tasks until it is told to stop.
pub struct Driver<T, C = SystemClock> {
    table: Arc<T>,
    clock: C,
    /// This process's name in the rows.
    runner: Arc<str>,
    seen: LastSeen,
}

impl<T: TaskTable> Driver<T> {
    /// `runner` names this process in the rows: no other may have that name.
    pub fn new(table: T, runner: &str) -> Self {
        Self::by_clock(table, SystemClock(Instant::now()), runner)
    }
}

impl<T: TaskTable, C: Clock> Driver<T, C> {
    fn by_clock(table: T, clock: C, runner: &str) -> Self {
        Self {
            table: Arc::new(table),
            clock,
            runner: runner.into(),
            seen: LastSeen::default(),
        }
    }

    /// What this process last saw of its tasks.
    #[must_use]
    pub fn last_seen(&self) -> LastSeen {
        self.seen.clone()
    }

    /// Runs the tasks until `stop`. Runs under way are given up then: the next process starts them over.
    ///
    /// # Errors
    /// Where one of the loops ended in a panic, which no task can cause.
    pub async fn run(&self, tasks: Vec<Scheduled>, stop: impl Future<Output = ()>) -> Result<(), JoinError> {
        let (stopping, stopped) = watch::channel(());
        let mut loops = JoinSet::new();
        for scheduled in tasks {
            let mut one = Loop {
                scheduled,
                table: Arc::clone(&self.table),
                clock: self.clock.clone(),
                runner: Arc::clone(&self.runner),
                seen: self.seen.clone(),
                stop: stopped.clone(),
            };
            loops.spawn(async move { one.run().await });
        }
        tokio::select! {
            () = stop => {}
            ended = loops.join_next(), if !loops.is_empty() => ended.transpose()?.unwrap_or_default(),
        }
        drop(stopping);
        while let Some(ended) = loops.join_next().await {
            ended?;
        }
        Ok(())
    }
}

/// One task's loop.
struct Loop<T, C> {
    scheduled: Scheduled,
    table: Arc<T>,
    clock: C,
    runner: Arc<str>,
    seen: LastSeen,
    /// Ends when the driver is told to stop.
    stop: watch::Receiver<()>,
}

/// How a run ended, if it did.
enum Ending {
    Ended(Result<Result<Value, TaskError>, JoinError>),
    TimedOut,
    /// Another process has taken the task over, or may have: the claim could not be renewed.
    ClaimLost,
    Stopped,
}

impl<T: TaskTable, C: Clock> Loop<T, C> {
    async fn run(&mut self) {
        loop {
            let pause = match self.claim().await {
                Ok(None) => {
                    if self.run_once().await.is_break() {
                        return;
                    }
                    continue;
                }
                Ok(Some(wait)) => wait.min(POLL_PERIOD),
                Err(error) => {
                    tracing::warn!(task = self.scheduled.name, %error, "the task's row cannot be read");
                    RETRY_PAUSE
                }
            };
            tokio::select! {
                () = self.clock.sleep(pause) => {}
                _ = self.stop.changed() => return,
            }
        }
    }

    /// Claims a run; or how long to wait before it is worth trying again.
    async fn claim(&self) -> Result<Option<Duration>, StoreError> {
        let period_ms = millis(self.scheduled.period);
        let claim = |state: &mut TaskState, now_ms| state.claim(&self.runner, period_ms, millis(LEASE), now_ms);
        let (state, now_ms) = self.table.get(self.scheduled.name).await?;
        self.seen.note(&state);
        // Most looks find nothing to do, and take no lock.
        if let Err(wait_ms) = claim(&mut state.clone(), now_ms) {
            return Ok(Some(Duration::from_millis(wait_ms)));
        }
        let (state, claimed) = self.table.change(self.scheduled.name, claim).await?;
        self.seen.note(&state);
        Ok(claimed.err().map(Duration::from_millis))
    }

    async fn run_once(&mut self) -> ControlFlow<()> {
        let name = self.scheduled.name;
        let started = Instant::now();
        // A tokio task of its own, from the first line of `run` on: a panic ends that task alone.
        let task = Arc::clone(&self.scheduled.task);
        let mut run = tokio::spawn(async move { task.run().await });
        let ending = tokio::select! {
            ended = &mut run => Ending::Ended(ended),
            () = self.clock.sleep(self.scheduled.bound) => Ending::TimedOut,
            () = keep_claim(&*self.table, &self.clock, name, &self.runner) => Ending::ClaimLost,
            _ = self.stop.changed() => Ending::Stopped,
        };
        end(run).await;
        let (outcome, details) = match ending {
            Ending::Ended(Ok(Ok(details))) => (Outcome::Done, details),
            Ending::Ended(Ok(Err(error))) => (Outcome::Failed, json!({ "error": error.to_string() })),
            Ending::Ended(Err(_)) => (Outcome::Panicked, json!({})),
            Ending::TimedOut => (
                Outcome::TimedOut,
                json!({ "boundSeconds": self.scheduled.bound.as_secs() }),
            ),
            Ending::ClaimLost => {
                tracing::error!(task = name, "the run was given up: its claim could not be renewed");
                return ControlFlow::Continue(());
            }
            Ending::Stopped => {
                self.release().await;
                return ControlFlow::Break(());
            }
        };
        if outcome == Outcome::Done {
            tracing::debug!(task = name, %details, "a task ran");
        } else {
            tracing::error!(task = name, outcome = outcome.name(), %details, "a task failed");
        }
        metrics::task_run(name, outcome.name(), started.elapsed());
        self.finish(outcome, details).await;
        ControlFlow::Continue(())
    }

    /// Stores how the run ended. Where that fails the claim runs out, and the task runs once more.
    async fn finish(&self, outcome: Outcome, details: Value) {
        let finish = |state: &mut TaskState, now_ms| state.finish(&self.runner, outcome, details, now_ms);
        match self.table.change(self.scheduled.name, finish).await {
            Ok((state, true)) => self.seen.note(&state),
            Ok((_, false)) => {
                tracing::error!(
                    task = self.scheduled.name,
                    "another process ran the task at the same time"
                );
            }
            Err(error) => {
                tracing::warn!(task = self.scheduled.name, %error, "the outcome could not be stored");
            }
        }
    }

    async fn release(&self) {
        let release = |state: &mut TaskState, now_ms| state.release(&self.runner, now_ms);
        if let Err(error) = self.table.change(self.scheduled.name, release).await {
            tracing::warn!(task = self.scheduled.name, %error, "the task's claim stays until it runs out");
        }
    }
}

/// Renews a claim until that is not possible any more.
async fn keep_claim<T: TaskTable>(table: &T, clock: &impl Clock, name: &str, runner: &str) {
    // By then another process may take the task over.
    let mut runs_out = clock.now() + LEASE;
    loop {
        clock.sleep(RENEW_PERIOD).await;
        let renewed_until = clock.now() + LEASE;
        let renew = |state: &mut TaskState, now_ms| state.renew(runner, millis(LEASE), now_ms);
        let is_renewed = tokio::select! {
            changed = table.change(name, renew) => changed.ok().map(|(_, is_ours)| is_ours),
            () = clock.sleep(RENEW_PERIOD) => None,
        };
        match is_renewed {
            Some(true) => runs_out = renewed_until,
            // The database does not answer. It may be back in time for another try.
            None if clock.now() + 2 * RENEW_PERIOD < runs_out => {}
            Some(false) | None => return,
        }
    }
}

/// Ends a run that has not ended by itself, and waits until it is gone.
async fn end(run: JoinHandle<Result<Value, TaskError>>) {
    if run.is_finished() {
        return;
    }
    run.abort();
    let _ = timeout(ABORT_BOUND, run).await;
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

//! Runs the tasks. Each has its own loop, so that a task that is slow, fails or panics does not delay another.

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

/// How long a claim is valid unless it is renewed, and so how long it takes until another process takes over after a
/// `kill -9`.
pub const LEASE: Duration = Duration::from_secs(30);

/// How often the claim of a run is renewed.
const RENEW_PERIOD: Duration = Duration::from_secs(5);

/// The longest pause between two reads of a task's row, and so how late a change by another process is noticed.
const POLL_PERIOD: Duration = Duration::from_secs(2);

/// The pause before the next try if the database did not answer.
const RETRY_PAUSE: Duration = Duration::from_secs(5);

/// How long the driver waits for an aborted run to reach its next await.
const ABORT_BOUND: Duration = Duration::from_secs(5);

/// The table of tasks. The time returned with a row is that of the table's clock, Unix milliseconds.
pub trait TaskTable: Send + Sync + 'static {
    /// A task's row, which is created if it does not exist.
    fn get(&self, name: &str) -> impl Future<Output = Result<(TaskState, u64), StoreError>> + Send;

    /// Changes a task's row under a lock, and returns the row and the result of `change`.
    fn change<T: Send>(
        &self,
        name: &str,
        change: impl FnOnce(&mut TaskState, u64) -> T + Send,
    ) -> impl Future<Output = Result<(TaskState, T), StoreError>> + Send;
}

/// The time that passes in a process. Tests use a clock that they set themselves.
pub trait Clock: Clone + Send + Sync + 'static {
    fn now(&self) -> Duration;

    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// The system's clock, counted from the moment when this value was made.
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

/// The rows of this process's tasks as it last read them, for its HTTP endpoints.
#[derive(Clone, Debug, Default)]
pub struct LastSeen(Arc<Mutex<BTreeMap<String, TaskState>>>);

impl LastSeen {
    fn note(&self, state: &TaskState) {
        metrics::task(state);
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.insert(state.name.clone(), state.clone());
    }

    /// The tasks in order of their names.
    #[must_use]
    pub fn tasks(&self) -> Vec<TaskState> {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.values().cloned().collect()
    }
}

/// Runs the tasks of one process.
pub struct Driver<T, C = SystemClock> {
    table: Arc<T>,
    clock: C,
    /// The name of this process in the rows.
    runner: Arc<str>,
    seen: LastSeen,
}

impl<T: TaskTable> Driver<T> {
    /// `runner` is the name of this process in the rows. No other process may have the same name.
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

    /// The rows of this process's tasks as it last read them.
    #[must_use]
    pub fn last_seen(&self) -> LastSeen {
        self.seen.clone()
    }

    /// Runs the tasks until `stop` completes. Then runs in progress are aborted and their claims released, so that any
    /// process can start them again.
    ///
    /// # Errors
    /// If one of the loops panicked. A panic in a task does not cause this.
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

/// The loop of one task.
struct Loop<T, C> {
    scheduled: Scheduled,
    table: Arc<T>,
    clock: C,
    runner: Arc<str>,
    seen: LastSeen,
    /// Changes when the driver is told to stop.
    stop: watch::Receiver<()>,
}

/// Why the driver stopped waiting for a run.
enum Ending {
    Ended(Result<Result<Value, TaskError>, JoinError>),
    TimedOut,
    /// The claim could not be renewed, so another process may have taken the task over.
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

    /// Claims a run. Returns `None` if that succeeded, otherwise how long to wait before the next try.
    async fn claim(&self) -> Result<Option<Duration>, StoreError> {
        let period_ms = millis(self.scheduled.period);
        let claim = |state: &mut TaskState, now_ms| state.claim(&self.runner, period_ms, millis(LEASE), now_ms);
        let (state, now_ms) = self.table.get(self.scheduled.name).await?;
        self.seen.note(&state);
        // In most cases there is nothing to do, and no lock is taken.
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
        // `Task::run` is called within the new tokio task too, so that any panic ends only that one.
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
                tracing::error!(
                    task = name,
                    "the run was stopped, because its claim could not be renewed"
                );
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

    /// Stores how the run ended. If that fails, the claim expires and the task runs once more.
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
            tracing::warn!(task = self.scheduled.name, %error, "the claim could not be released");
        }
    }
}

/// Renews a claim periodically. Returns when the claim is lost, or may expire before another try.
async fn keep_claim<T: TaskTable>(table: &T, clock: &impl Clock, name: &str, runner: &str) {
    // When the claim expires, and another process may take the task over.
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
            // The database did not answer, but there is time for another try before the claim expires.
            None if clock.now() + 2 * RENEW_PERIOD < runs_out => {}
            Some(false) | None => return,
        }
    }
}

/// Aborts a run that has not ended by itself, and waits until it has ended.
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

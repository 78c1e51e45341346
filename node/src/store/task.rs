//! Background tasks: schedule, claim and last run of each.

use sqlx::{FromRow, PgConnection, PgExecutor};

use super::StoreError;
use super::column::{inconsistent, whole};
use crate::domain::task::{Claim, LastRun, Outcome, TaskState};

#[derive(FromRow)]
struct TaskRow {
    name: String,
    period_ms: i64,
    due_at_ms: i64,
    is_nudged: bool,
    runs: i64,
    failures: i32,
    runner: Option<String>,
    started_at_ms: Option<i64>,
    until_ms: Option<i64>,
    last_runner: Option<String>,
    last_started_ms: Option<i64>,
    last_ended_ms: Option<i64>,
    outcome: Option<String>,
    details: Option<String>,
    now_ms: i64,
}

impl TaskRow {
    /// The task, and the server's clock.
    fn into_state(self) -> Result<(TaskState, u64), StoreError> {
        let name = self.name;
        let broken = |column| inconsistent("tasks", column, &name);
        let time = |column, at_ms: i64| u64::try_from(at_ms).map_err(|_| broken(column));
        let claim = match (&self.runner, self.started_at_ms, self.until_ms) {
            (Some(runner), Some(started_at_ms), Some(until_ms)) => Some(Claim {
                runner: runner.clone(),
                started_at_ms: time("started_at_ms", started_at_ms)?,
                until_ms: time("until_ms", until_ms)?,
            }),
            _ => None,
        };
        let last = match (
            &self.last_runner,
            self.last_started_ms,
            self.last_ended_ms,
            &self.outcome,
            &self.details,
        ) {
            (Some(runner), Some(started_at_ms), Some(ended_at_ms), Some(outcome), Some(details)) => Some(LastRun {
                runner: runner.clone(),
                started_at_ms: time("last_started_ms", started_at_ms)?,
                ended_at_ms: time("last_ended_ms", ended_at_ms)?,
                outcome: Outcome::from_name(outcome).ok_or_else(|| broken("outcome"))?,
                details: serde_json::from_str(details).map_err(|_| broken("details"))?,
            }),
            _ => None,
        };
        let now_ms = time("now_ms", self.now_ms)?;
        let state = TaskState {
            period_ms: time("period_ms", self.period_ms)?,
            due_at_ms: time("due_at_ms", self.due_at_ms)?,
            claim,
            is_nudged: self.is_nudged,
            last,
            runs: whole("tasks", "runs", self.runs, &name)?,
            failures: whole("tasks", "failures", self.failures, &name)?,
            name,
        };
        Ok((state, now_ms))
    }
}

/// The task of that name, and the server's clock in Unix milliseconds.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn task_get(executor: impl PgExecutor<'_>, name: &str) -> Result<Option<(TaskState, u64)>, StoreError> {
    let row: Option<TaskRow> = sqlx::query_as(include_str!("sql/task_get.sql"))
        .bind(name)
        .fetch_optional(executor)
        .await?;
    row.map(TaskRow::into_state).transpose()
}

/// As [`task_get`], with the row locked until the transaction ends.
///
/// # Errors
/// As [`task_get`].
pub async fn task_lock(connection: &mut PgConnection, name: &str) -> Result<Option<(TaskState, u64)>, StoreError> {
    let row: Option<TaskRow> = sqlx::query_as(include_str!("sql/task_lock.sql"))
        .bind(name)
        .fetch_optional(connection)
        .await?;
    row.map(TaskRow::into_state).transpose()
}

/// All tasks by name, each with the server's clock.
///
/// # Errors
/// As [`task_get`].
pub async fn task_list(executor: impl PgExecutor<'_>) -> Result<Vec<(TaskState, u64)>, StoreError> {
    let rows: Vec<TaskRow> = sqlx::query_as(include_str!("sql/task_list.sql"))
        .fetch_all(executor)
        .await?;
    rows.into_iter().map(TaskRow::into_state).collect()
}

/// Adds a task that is due at once, unless there is one of that name.
///
/// # Errors
/// Where the database fails.
pub async fn task_insert(executor: impl PgExecutor<'_>, name: &str) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/task_insert.sql"))
        .bind(name)
        .execute(executor)
        .await?;
    Ok(())
}

/// Writes a task that [`task_lock`] has locked.
///
/// # Errors
/// Where the database fails.
pub async fn task_update(connection: &mut PgConnection, state: &TaskState) -> Result<(), StoreError> {
    let claim = state.claim.as_ref();
    let last = state.last.as_ref();
    sqlx::query(include_str!("sql/task_update.sql"))
        .bind(&state.name)
        .bind(stored(state.period_ms))
        .bind(stored(state.due_at_ms))
        .bind(state.is_nudged)
        .bind(stored(state.runs))
        .bind(i32::try_from(state.failures).unwrap_or(i32::MAX))
        .bind(claim.map(|claim| &claim.runner))
        .bind(claim.map(|claim| stored(claim.started_at_ms)))
        .bind(claim.map(|claim| stored(claim.until_ms)))
        .bind(last.map(|last| &last.runner))
        .bind(last.map(|last| stored(last.started_at_ms)))
        .bind(last.map(|last| stored(last.ended_at_ms)))
        .bind(last.map(|last| last.outcome.name()))
        .bind(last.map(|last| last.details.to_string()))
        .execute(connection)
        .await?;
    Ok(())
}

fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

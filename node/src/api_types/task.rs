//! Background tasks as `/healthz` of a worker and `admin task list --json` show them.

use serde::Serialize;
use serde_json::Value;

use crate::domain::task::TaskState;

/// A task. Times are Unix milliseconds of the database's clock.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownTask<'a> {
    name: &'a str,
    period_ms: u64,
    due_at: u64,
    runs: u64,
    failures: u32,
    /// The run in progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    running: Option<Running<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Last<'a>>,
    /// Whether no worker runs the task although it was due a minute ago; absent if the database's time is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_overdue: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Running<'a> {
    worker: &'a str,
    started_at: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Last<'a> {
    worker: &'a str,
    started_at: u64,
    ended_at: u64,
    outcome: &'static str,
    details: &'a Value,
}

impl<'a> From<&'a TaskState> for ShownTask<'a> {
    fn from(task: &'a TaskState) -> Self {
        Self {
            name: &task.name,
            period_ms: task.period_ms,
            due_at: task.due_at_ms,
            runs: task.runs,
            failures: task.failures,
            running: task.claim.as_ref().map(|claim| Running {
                worker: &claim.runner,
                started_at: claim.started_at_ms,
            }),
            last: task.last.as_ref().map(|last| Last {
                worker: &last.runner,
                started_at: last.started_at_ms,
                ended_at: last.ended_at_ms,
                outcome: last.outcome.name(),
                details: &last.details,
            }),
            is_overdue: None,
        }
    }
}

impl<'a> ShownTask<'a> {
    /// The task at the time `now_ms` of the database's clock. A claim that has expired is left out.
    pub(crate) fn at(task: &'a TaskState, now_ms: u64) -> Self {
        let mut shown = Self::from(task);
        if !task.is_running(now_ms) {
            shown.running = None;
        }
        shown.is_overdue = Some(task.is_overdue(now_ms));
        shown
    }
}

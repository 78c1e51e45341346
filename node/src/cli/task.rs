//! `shelfproof admin task`: the background tasks of all workers.

use clap::{Args, Subcommand};
use console::Alignment::{Left, Right};
use serde_json::{Value, json};
use shelfproof_base::table;
use sqlx::PgPool;

use super::{Failure, print};
use crate::api_types::ShownTask;
use crate::domain::task::TaskState;
use crate::flow::list_tasks::list_tasks;
use crate::flow::nudge_task::nudge_task;

/// The background tasks of all workers: when each last ran, with what outcome, and when it is due
#[derive(Debug, Args)]
pub struct TaskArgs {
    #[command(subcommand)]
    command: Command,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the tasks, from the database: those of workers on other machines too
    ///
    /// A task is overdue where it should have run a minute ago and no worker runs it: is `shelfproof worker` running?
    List,
    /// Have a task run now instead of when it is due; a worker notices within seconds
    ///
    /// Example: shelfproof admin task run check
    Run {
        /// Its name, as `list` prints it
        #[arg(value_name = "NAME")]
        name: String,
    },
}

/// # Errors
/// Where the database fails, or there is no such task.
pub async fn run(args: TaskArgs, pool: &PgPool) -> Result<(), Failure> {
    match args.command {
        Command::List => {
            let tasks = list_tasks(pool).await?;
            print(args.json, || list_json(&tasks), || list_text(&tasks))?;
        }
        Command::Run { name } => {
            nudge_task(pool, &name).await?;
            print(args.json, || json!({ "task": name }), || format!("{name} is due now\n"))?;
        }
    }
    Ok(())
}

fn list_json(tasks: &[(TaskState, u64)]) -> Value {
    let shown: Vec<_> = tasks
        .iter()
        .map(|(task, now_ms)| ShownTask::at(task, *now_ms))
        .collect();
    json!({ "items": shown })
}

fn list_text(tasks: &[(TaskState, u64)]) -> String {
    let rows = tasks.iter().map(|(task, now_ms)| {
        let last = task.last.as_ref();
        let runner = task.claim.as_ref().map(|claim| &claim.runner);
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        [
            task.name.clone(),
            seconds(task.period_ms),
            state_text(task, *now_ms),
            or_dash(runner.or(last.map(|last| &last.runner)).cloned()),
            or_dash(last.map(|last| table::time(last.ended_at_ms.cast_signed()))),
            or_dash(last.map(|last| seconds(last.ended_at_ms.saturating_sub(last.started_at_ms)))),
            or_dash(last.map(|last| format!("{} {}", last.outcome.name(), last.details))),
            task.failures.to_string(),
            task.runs.to_string(),
        ]
    });
    let columns = [
        ("TASK", Left),
        ("PERIOD", Right),
        ("STATE", Left),
        ("WORKER", Left),
        ("ENDED (UTC)", Left),
        ("TOOK", Right),
        ("OUTCOME", Left),
        ("FAILURES", Right),
        ("RUNS", Right),
    ];
    table::render(&columns, &rows.collect::<Vec<_>>())
}

fn state_text(task: &TaskState, now_ms: u64) -> String {
    if task.is_running(now_ms) {
        "running".to_owned()
    } else if task.is_overdue(now_ms) {
        format!("overdue {}", seconds(now_ms.saturating_sub(task.due_at_ms)))
    } else {
        format!("due in {}", seconds(task.due_at_ms.saturating_sub(now_ms)))
    }
}

fn seconds(duration_ms: u64) -> String {
    format!("{}.{} s", duration_ms / 1000, duration_ms % 1000 / 100)
}

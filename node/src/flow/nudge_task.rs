//! Makes a background task due now.

use sqlx::PgPool;

use super::FlowError;
use crate::domain::task::TaskState;
use crate::store::task::{task_lock, task_update};

/// Makes the task `name` due now; a worker notices within seconds. If a run is under way, one more follows it.
///
/// # Errors
/// `Missing` where no worker ever ran a task of that name.
pub async fn nudge_task(pool: &PgPool, name: &str) -> Result<TaskState, FlowError> {
    let mut transaction = pool.begin().await?;
    let locked = task_lock(&mut transaction, name).await?;
    let (mut task, now_ms) = locked.ok_or_else(|| FlowError::Missing {
        noun: "task that a worker ever ran",
        name: name.to_owned(),
    })?;
    task.nudge(now_ms);
    task_update(&mut transaction, &task).await?;
    transaction.commit().await?;
    Ok(task)
}

//! The background tasks of all workers.

use sqlx::PgPool;

use super::FlowError;
use crate::domain::task::TaskState;
use crate::store::task::task_list;

/// All tasks by name, each with the time of the look by the database's clock, Unix milliseconds.
///
/// # Errors
/// The database's.
pub async fn list_tasks(pool: &PgPool) -> Result<Vec<(TaskState, u64)>, FlowError> {
    Ok(task_list(pool).await?)
}

//! The background tasks of all workers.

use sqlx::PgPool;

use crate::domain::task::TaskState;
use crate::store::StoreError;
use crate::store::task::task_list;

/// All tasks by name, each with the time of the look by the database's clock, Unix milliseconds.
///
/// # Errors
/// The database's.
pub async fn list_tasks(pool: &PgPool) -> Result<Vec<(TaskState, u64)>, StoreError> {
    task_list(pool).await
}

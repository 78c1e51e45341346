//! The table of tasks in PostgreSQL, `shop.tasks`.

use std::io;
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::timeout;

use super::driver::TaskTable;
use crate::domain::task::TaskState;
use crate::store::StoreError;
use crate::store::task::{task_get, task_insert, task_lock, task_update};

/// How long the database may take to answer: well below the time after which a claim expires.
const ANSWER_BOUND: Duration = Duration::from_secs(5);

/// The tasks' rows in one database.
#[derive(Clone, Debug)]
pub struct PgTaskTable(PgPool);

impl PgTaskTable {
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }
}

impl TaskTable for PgTaskTable {
    async fn get(&self, name: &str) -> Result<(TaskState, u64), StoreError> {
        bounded(async {
            loop {
                if let Some(found) = task_get(&self.0, name).await? {
                    return Ok(found);
                }
                task_insert(&self.0, name).await?;
            }
        })
        .await
    }

    async fn change<T: Send>(
        &self,
        name: &str,
        change: impl FnOnce(&mut TaskState, u64) -> T + Send,
    ) -> Result<(TaskState, T), StoreError> {
        bounded(async {
            let mut transaction = self.0.begin().await?;
            let locked = task_lock(&mut transaction, name).await?;
            let (mut state, now_ms) = locked.ok_or(sqlx::Error::RowNotFound)?;
            let answer = change(&mut state, now_ms);
            task_update(&mut transaction, &state).await?;
            transaction.commit().await?;
            Ok((state, answer))
        })
        .await
    }
}

async fn bounded<T>(asked: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let late = |_| StoreError::Database(sqlx::Error::Io(io::ErrorKind::TimedOut.into()));
    timeout(ANSWER_BOUND, asked).await.map_err(late)?
}

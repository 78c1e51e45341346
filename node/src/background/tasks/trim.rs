//! `trim`: deletes the facts of the outbox that are old and that every consumer has read.

use std::time::Duration;

use serde_json::json;
use sqlx::PgPool;

use super::super::{Task, TaskRun};
use crate::flow::trim_outbox::trim_outbox;

pub(super) struct Trim {
    pool: PgPool,
    keep: Duration,
}

impl Trim {
    /// Keeps facts for at least the time `keep`, and longer if a consumer has not read them.
    pub(super) const fn new(pool: PgPool, keep: Duration) -> Self {
        Self { pool, keep }
    }
}

impl Task for Trim {
    fn run(&self) -> TaskRun {
        let (pool, keep) = (self.pool.clone(), self.keep);
        Box::pin(async move {
            let deleted = trim_outbox(&pool, keep).await?;
            Ok(json!({ "deleted": deleted }))
        })
    }
}

//! `expire`: ends the orders that were not paid in time.

use serde_json::json;
use shelfproof_base::clock::now_ms;
use sqlx::PgPool;

use super::super::{Task, TaskRun};
use crate::flow::expire_orders::expire_orders;

pub(super) struct Expire {
    pool: PgPool,
}

impl Expire {
    pub(super) const fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

impl Task for Expire {
    fn run(&self) -> TaskRun {
        let pool = self.pool.clone();
        Box::pin(async move {
            let expired = expire_orders(&pool, now_ms()).await?;
            Ok(json!({ "orders": expired.orders, "keys": expired.keys }))
        })
    }
}

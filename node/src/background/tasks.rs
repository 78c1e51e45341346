//! The tasks of `shelfproof worker`, one file each.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;

use super::Scheduled;
use crate::config::Worker;

mod check;

/// How long a check may take: it reads every row of the shop.
const CHECK_BOUND: Duration = Duration::from_hours(6);

/// All tasks, scheduled as configured.
#[must_use]
pub fn all(pool: &PgPool, settings: &Worker) -> Vec<Scheduled> {
    vec![Scheduled {
        name: "check",
        period: Duration::from_secs(settings.check_every_s),
        bound: CHECK_BOUND,
        task: Arc::new(check::Check::new(pool.clone())),
    }]
}

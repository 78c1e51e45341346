//! The tasks of `shelfproof worker`, one file each.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;

use super::{Scheduled, Task};
use crate::config::Worker;

mod check;
mod relay;
mod trim;

/// How long a check may take: it reads every row of the shop.
const CHECK_BOUND: Duration = Duration::from_hours(6);

/// The pause between two runs of the relay, and so how late a message may reach it.
const RELAY_PERIOD: Duration = Duration::from_secs(2);

/// How long one run of the relay may take. What was delivered before the bound is not delivered again.
const RELAY_BOUND: Duration = Duration::from_mins(10);

const TRIM_PERIOD: Duration = Duration::from_hours(1);
const TRIM_BOUND: Duration = Duration::from_mins(10);

/// All tasks, scheduled as configured.
#[must_use]
pub fn all(pool: &PgPool, settings: &Worker) -> Vec<Scheduled> {
    let task = |name, period, bound, task: Arc<dyn Task>| Scheduled {
        name,
        period,
        bound,
        task,
    };
    let check_period = Duration::from_secs(settings.check_every_s);
    let outbox_keep = Duration::from_hours(24 * settings.outbox_keep_days);
    vec![
        task(
            "check",
            check_period,
            CHECK_BOUND,
            Arc::new(check::Check::new(pool.clone())),
        ),
        task(
            "relay",
            RELAY_PERIOD,
            RELAY_BOUND,
            Arc::new(relay::Relay::new(pool.clone())),
        ),
        task(
            "trim",
            TRIM_PERIOD,
            TRIM_BOUND,
            Arc::new(trim::Trim::new(pool.clone(), outbox_keep)),
        ),
    ]
}

//! The tasks of `shelfproof worker`, one file each; and the one of `shelfproof serve`, which needs its sale worker.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;

use super::{Scheduled, Task};
use crate::app::App;
use crate::config::Worker;

mod ask_gateways;
mod check;
mod expire;
mod relay;
mod repay;
mod trim;

/// How long a check may take: it reads every row of the shop.
const CHECK_BOUND: Duration = Duration::from_hours(6);

/// The pause between two runs of the relay, and so how late a message may reach it.
const RELAY_PERIOD: Duration = Duration::from_secs(2);

/// How long one run of the relay may take. What was delivered before the bound is not delivered again.
const RELAY_BOUND: Duration = Duration::from_mins(10);

/// The pause between two looks for orders that were not paid in time, and so how much longer their keys are held.
const EXPIRE_PERIOD: Duration = Duration::from_secs(2);
const EXPIRE_BOUND: Duration = Duration::from_mins(10);

const TRIM_PERIOD: Duration = Duration::from_hours(1);
const TRIM_BOUND: Duration = Duration::from_mins(10);

/// The pause between two looks for payments that gateways are to be asked about, or asked to pay back.
const ASK_PERIOD: Duration = Duration::from_secs(15);

/// How long one run of asking may take. A payment whose answer is lost is asked about again.
const ASK_BOUND: Duration = Duration::from_mins(10);

/// The tasks of a node that sells: none where it collects through no gateway.
#[must_use]
pub fn of_node(app: &Arc<App>) -> Vec<Scheduled> {
    if app.gateways.is_empty() {
        return Vec::new();
    }
    let task = |name, task: Arc<dyn Task>| Scheduled {
        name,
        period: ASK_PERIOD,
        bound: ASK_BOUND,
        task,
    };
    vec![
        task(
            "ask_gateways",
            Arc::new(ask_gateways::AskGateways::new(Arc::clone(app))),
        ),
        task("repay", Arc::new(repay::Repay::new(Arc::clone(app)))),
    ]
}

/// All tasks of a worker, scheduled as configured.
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
            "expire",
            EXPIRE_PERIOD,
            EXPIRE_BOUND,
            Arc::new(expire::Expire::new(pool.clone())),
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

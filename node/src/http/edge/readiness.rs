//! The report of `/readyz`: whether this node can sell.

use std::time::Instant;

use serde::Serialize;
use shelfproof_base::clock::now_ms;
use tokio::sync::Mutex;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::limits::{QUEUE_STALLED, READY_BOUND, READY_TTL};
use crate::app::App;
use crate::domain::clock::MAX_DRIFT_MS;
use crate::flow::query::database::{has_schema, read_clock};

/// Whether each part that a sale needs works.
#[allow(clippy::struct_excessive_bools, reason = "each is a field of the answer")]
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// The database answers.
    database: bool,
    /// It has this program's schema.
    schema: bool,
    /// This machine's clock and the database's agree to a minute.
    clock: bool,
    /// This machine's clock and the chain's newest block are near enough for receipts; null where no block was seen.
    chain_clock: Option<bool>,
    /// Orders are taken, and the oldest has not waited too long for its batch.
    orders: bool,
    /// The database knows all that the chain and the receipt journal hold; null where neither is configured.
    fence: Option<bool>,
    /// Why the fence is closed, in words for anybody: how to repair the database stands in the log.
    #[serde(skip)]
    refusal: String,
    /// How far the clocks of node and chain are apart, where that is too far.
    #[serde(skip)]
    apart: String,
}

/// The last report, which is answered again for [`READY_TTL`].
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, Report)>>);

impl Report {
    pub(super) fn is_ready(&self) -> bool {
        self.database
            && self.schema
            && self.clock
            && self.chain_clock != Some(false)
            && self.orders
            && self.fence != Some(false)
    }

    /// The parts that do not work, in words.
    pub(super) fn missing(&self) -> String {
        let parts = [
            (self.database, "the database does not answer"),
            (self.schema, "the database does not have this program's schema"),
            (self.clock, "this machine's clock and the database's disagree"),
            (self.chain_clock != Some(false), &self.apart),
            (self.orders, "orders are not taken, or wait too long"),
            (self.fence != Some(false), &self.refusal),
        ];
        let missing: Vec<&str> = parts
            .iter()
            .filter(|(is_there, _)| !is_there)
            .map(|(_, why)| *why)
            .collect();
        format!("Not ready: {}.", missing.join("; "))
    }

    async fn of(app: &App) -> Self {
        let clock = timeout(READY_BOUND, read_clock(&app.pool)).await;
        let clock_ms = clock.ok().and_then(Result::ok);
        let schema = timeout(READY_BOUND, has_schema(&app.pool)).await;
        let apart = app.fence.clock_apart();
        Self {
            database: clock_ms.is_some(),
            schema: matches!(schema, Ok(Ok(true))),
            clock: clock_ms.is_some_and(|clock_ms| now_ms().abs_diff(clock_ms) <= MAX_DRIFT_MS),
            chain_clock: app.fence.clock_apart_s().map(|_| apart.is_none()),
            orders: app.orders.is_open() && app.orders.oldest_wait() < QUEUE_STALLED,
            fence: app.fence.is_open(),
            refusal: app.fence.sale_refusal().unwrap_or_default(),
            apart: apart.map(|apart| apart.to_string()).unwrap_or_default(),
        }
    }
}

impl Readiness {
    /// The report, at most [`READY_TTL`] old. Concurrent requests wait for the same one.
    pub(super) async fn report(&self, app: &App) -> Report {
        let mut last = self.0.lock().await;
        if let Some((at, report)) = &*last
            && at.elapsed() < READY_TTL
        {
            return report.clone();
        }
        let report = Report::of(app).await;
        *last = Some((Instant::now(), report.clone()));
        report
    }
}

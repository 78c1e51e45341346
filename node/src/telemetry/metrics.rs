//! Every metric by its name and meaning. Labels are names of ours, never what a caller wrote.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Keys sold.
const SALES: &str = "shelfproof_sales_total";
/// Orders refused, by `reason`.
const REFUSED: &str = "shelfproof_orders_refused_total";
/// Orders that a batch settled together.
const BATCH_ORDERS: &str = "shelfproof_batch_orders";
/// Batches that did not stand, and were tried again in parts or refused.
const BATCHES_FAILED: &str = "shelfproof_batches_failed_total";
/// From a batch's first statement to its commit.
const BATCH_TIME: &str = "shelfproof_batch_seconds";
/// The parts of that, by `stage`: claim, read, sign, write, commit.
const STAGE_TIME: &str = "shelfproof_batch_stage_seconds";
/// Orders that wait for a batch.
const QUEUE: &str = "shelfproof_queue_orders";
/// Requests, by `method`, `route` and `status`.
const REQUESTS: &str = "shelfproof_http_requests_total";
/// From a request's head to its answer, by `route`.
const REQUEST_TIME: &str = "shelfproof_http_request_seconds";
/// Connections to the database, by `state`.
const CONNECTIONS: &str = "shelfproof_database_connections";

/// Whether the fence is open, where there is a chain to look at.
const FENCE: &str = "shelfproof_fence_open";

const BATCH_BUCKETS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
const SECONDS_BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0,
];

static STARTED: OnceLock<Result<PrometheusHandle, BuildError>> = OnceLock::new();

/// Starts collecting, once in a process; later calls get the same handle.
///
/// # Errors
/// Where another recorder was installed before.
pub fn start() -> Result<PrometheusHandle, &'static BuildError> {
    STARTED.get_or_init(install).as_ref().cloned()
}

fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(BATCH_ORDERS.to_owned()), &BATCH_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)?
        .install_recorder()?;
    describe_counter!(
        BATCHES_FAILED,
        "Batches that did not stand, and were tried again in parts or refused"
    );
    describe_counter!(SALES, "Keys sold");
    describe_counter!(REFUSED, "Orders refused, by reason");
    describe_histogram!(BATCH_ORDERS, "Orders that a batch settled together");
    describe_histogram!(
        BATCH_TIME,
        Unit::Seconds,
        "From a batch's first statement to its commit"
    );
    describe_histogram!(STAGE_TIME, Unit::Seconds, "Where a batch's time goes, by stage");
    describe_gauge!(QUEUE, "Orders that wait for a batch");
    describe_counter!(REQUESTS, "Requests, by method, route and status");
    describe_histogram!(REQUEST_TIME, Unit::Seconds, "From a request's head to its answer");
    describe_gauge!(CONNECTIONS, "Connections to the database, by state");
    describe_gauge!(
        FENCE,
        "1 where the database knows all that the chain holds, 0 where nothing is sold"
    );
    Ok(handle)
}

/// Counts a request. `route` is the pattern that matched.
pub(crate) fn request(method: &'static str, route: &str, status: u16, took: Duration) {
    counter!(REQUESTS, "method" => method, "route" => route.to_owned(), "status" => status.to_string()).increment(1);
    histogram!(REQUEST_TIME, "route" => route.to_owned()).record(took);
}

/// Notes how many connections of a pool are open, and how many of them idle.
pub(crate) fn connections(open: u32, idle: usize) {
    gauge!(CONNECTIONS, "state" => "open").set(f64::from(open));
    gauge!(CONNECTIONS, "state" => "idle").set(u32::try_from(idle).map_or(f64::NAN, f64::from));
}

/// Notes whether the fence is open.
pub(crate) fn fence(is_open: bool) {
    gauge!(FENCE).set(f64::from(u8::from(is_open)));
}

/// Notes how many orders wait for a batch.
pub(crate) fn waiting(orders: usize) {
    gauge!(QUEUE).set(u32::try_from(orders).map_or(f64::INFINITY, f64::from));
}

/// Tells one stage of a batch after the other.
#[derive(Debug)]
pub(crate) struct Stages(Instant);

impl Stages {
    /// From now on.
    pub(crate) fn begin() -> Self {
        Self(Instant::now())
    }

    /// That a stage has ended, and the next begins.
    pub(crate) fn end(&mut self, stage: &'static str) {
        histogram!(STAGE_TIME, "stage" => stage).record(self.0.elapsed());
        *self = Self::begin();
    }
}

/// Counts a batch that was brought to its commit.
pub(crate) fn batch(orders: usize, took: Duration) {
    histogram!(BATCH_ORDERS).record(u32::try_from(orders).map_or(f64::INFINITY, f64::from));
    histogram!(BATCH_TIME).record(took);
}

/// Counts the keys of an order that was delivered.
pub(crate) fn sold(keys: usize) {
    counter!(SALES).increment(u64::try_from(keys).unwrap_or(u64::MAX));
}

/// Counts an order that was refused.
pub(crate) fn refused(reason: &'static str) {
    counter!(REFUSED, "reason" => reason).increment(1);
}

/// Counts a batch that did not stand.
pub(crate) fn batch_failed() {
    counter!(BATCHES_FAILED).increment(1);
}

//! The metrics of this process: the name and description of each, and the function that records it.
//!
//! Label values are names from this source code and never text from a request, so that their number is bounded. To
//! add a metric: its name as a constant, its description in `install`, and a function that records it.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::domain::task::TaskState;

const SALES: &str = "shelfproof_sales_total";
const REFUSED: &str = "shelfproof_orders_refused_total";
const BATCH_ORDERS: &str = "shelfproof_batch_orders";
const BATCHES_FAILED: &str = "shelfproof_batches_failed_total";
const BATCH_TIME: &str = "shelfproof_batch_seconds";
/// The label `stage` is one of claim, read, sign, write, commit.
const STAGE_TIME: &str = "shelfproof_batch_stage_seconds";
const QUEUE: &str = "shelfproof_queue_orders";
const REQUESTS: &str = "shelfproof_http_requests_total";
const REQUEST_TIME: &str = "shelfproof_http_request_seconds";
const CONNECTIONS: &str = "shelfproof_database_connections";
const FENCE: &str = "shelfproof_fence_open";
const CHAIN_APART: &str = "shelfproof_chain_apart_seconds";
const MESSAGES: &str = "shelfproof_messages_total";
const TASK_RUNS: &str = "shelfproof_task_runs_total";
const TASK_TIME: &str = "shelfproof_task_seconds";
const TASK_FAILURES: &str = "shelfproof_task_failures";
const TASK_ENDED: &str = "shelfproof_task_ended_timestamp_seconds";

const BATCH_BUCKETS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
const SECONDS_BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0,
];

static STARTED: OnceLock<Result<PrometheusHandle, BuildError>> = OnceLock::new();

/// Installs the recorder at the first call in a process. Later calls return the same handle.
///
/// # Errors
/// If another recorder was installed before.
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
        "Batches that failed, and were retried in halves or refused"
    );
    describe_counter!(SALES, "Keys sold by this process");
    describe_counter!(REFUSED, "Orders refused, by reason");
    describe_histogram!(BATCH_ORDERS, "Orders per batch");
    describe_histogram!(
        BATCH_TIME,
        Unit::Seconds,
        "Time from a batch's first statement to its commit"
    );
    describe_histogram!(
        STAGE_TIME,
        Unit::Seconds,
        "Time of a batch, by stage: claim, read, sign, write, commit"
    );
    describe_gauge!(QUEUE, "Orders waiting for a batch");
    describe_counter!(REQUESTS, "HTTP requests, by method, route and status");
    describe_histogram!(
        REQUEST_TIME,
        Unit::Seconds,
        "Time from a request's head to its answer, by route"
    );
    describe_gauge!(CONNECTIONS, "Connections to the database, by state: open, idle");
    describe_gauge!(
        FENCE,
        "1 while the database has all that the chain and the receipt journal have, 0 while nothing is sold"
    );
    describe_gauge!(
        CHAIN_APART,
        Unit::Seconds,
        "How far this node's clock and the chain's newest block are apart"
    );
    describe_counter!(
        TASK_RUNS,
        "Runs of background tasks in this process, by task and outcome"
    );
    describe_histogram!(TASK_TIME, Unit::Seconds, "Duration of those runs, by task");
    describe_gauge!(
        TASK_FAILURES,
        "Failures in a row of a background task, in whichever process it ran"
    );
    describe_gauge!(
        TASK_ENDED,
        Unit::Seconds,
        "When a background task last ended a run, in whichever process: Unix seconds"
    );
    Ok(handle)
}

/// Records an HTTP request. `route` is the pattern that matched, such as `/api/v1/orders/{id}`.
pub(crate) fn request(method: &'static str, route: &str, status: u16, took: Duration) {
    counter!(REQUESTS, "method" => method, "route" => route.to_owned(), "status" => status.to_string()).increment(1);
    histogram!(REQUEST_TIME, "route" => route.to_owned()).record(took);
}

pub(crate) fn connections(open: u32, idle: usize) {
    gauge!(CONNECTIONS, "state" => "open").set(f64::from(open));
    gauge!(CONNECTIONS, "state" => "idle").set(u32::try_from(idle).map_or(f64::NAN, f64::from));
}

pub(crate) fn fence(is_open: bool) {
    gauge!(FENCE).set(f64::from(u8::from(is_open)));
}

pub(crate) fn chain_apart(seconds: u64) {
    gauge!(CHAIN_APART).set(u32::try_from(seconds).map_or(f64::INFINITY, f64::from));
}

pub(crate) fn waiting(orders: usize) {
    gauge!(QUEUE).set(u32::try_from(orders).map_or(f64::INFINITY, f64::from));
}

/// Measures the stages of a batch, one after the other.
#[derive(Debug)]
pub(crate) struct Stages(Instant);

impl Stages {
    pub(crate) fn begin() -> Self {
        Self(Instant::now())
    }

    /// Records the duration of the stage that ends now, and begins the next.
    pub(crate) fn end(&mut self, stage: &'static str) {
        histogram!(STAGE_TIME, "stage" => stage).record(self.0.elapsed());
        *self = Self::begin();
    }
}

/// Records a batch whose commit was answered or timed out.
pub(crate) fn batch(orders: usize, took: Duration) {
    histogram!(BATCH_ORDERS).record(u32::try_from(orders).map_or(f64::INFINITY, f64::from));
    histogram!(BATCH_TIME).record(took);
}

pub(crate) fn sold(keys: usize) {
    counter!(SALES).increment(u64::try_from(keys).unwrap_or(u64::MAX));
}

pub(crate) fn refused(reason: &'static str) {
    counter!(REFUSED, "reason" => reason).increment(1);
}

pub(crate) fn batch_failed() {
    counter!(BATCHES_FAILED).increment(1);
}

/// Records the failures and the last end of a background task.
pub(crate) fn task(state: &TaskState) {
    gauge!(TASK_FAILURES, "task" => state.name.clone()).set(f64::from(state.failures));
    if let Some(last) = &state.last {
        gauge!(TASK_ENDED, "task" => state.name.clone()).set(Duration::from_millis(last.ended_at_ms).as_secs_f64());
    }
}

/// Records a run of a background task that ended in this process.
pub(crate) fn task_run(name: &'static str, outcome: &'static str, took: Duration) {
    counter!(TASK_RUNS, "task" => name, "outcome" => outcome).increment(1);
    histogram!(TASK_TIME, "task" => name).record(took);
}

/// Records a message of the bus. `topic` must be one of this program's names.
pub(crate) fn message(topic: &str) {
    counter!(MESSAGES, "topic" => topic.to_owned()).increment(1);
}

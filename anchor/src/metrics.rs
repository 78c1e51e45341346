//! Prometheus metrics of the anchor and of a mirror: every name, with its meaning, is here.
//!
//! To add a metric: a constant with its name, a `describe_…!` in [`install`], and a function that records it. Labels have
//! values from fixed sets.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use ::metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use crate::status::{Condition, Status};

const CONDITION: &str = "shelfproof_anchor_condition";
const EPOCH: &str = "shelfproof_anchor_epoch";
const CUT_TO_FINAL: &str = "shelfproof_anchor_cut_to_final_seconds";
const STEP: &str = "shelfproof_anchor_step_seconds";
const EVENTS: &str = "shelfproof_anchor_events_total";
const CUTS: &str = "shelfproof_anchor_cuts_total";
const BACKLOG: &str = "shelfproof_anchor_waiting_events";

const SECONDS_BUCKETS: [f64; 10] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0, 300.0, 1_200.0];

static STARTED: OnceLock<Result<PrometheusHandle, BuildError>> = OnceLock::new();

/// Installs the process's recorder; later calls return the same handle.
///
/// # Errors
/// If another recorder is installed already.
pub fn start() -> Result<PrometheusHandle, &'static BuildError> {
    STARTED.get_or_init(install).as_ref().cloned()
}

fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)?
        .install_recorder()?;
    describe_gauge!(CONDITION, "1 for the current condition, 0 for every other");
    describe_gauge!(EPOCH, "Number of the newest epoch, by state: computed, final");
    describe_gauge!(
        CUT_TO_FINAL,
        Unit::Seconds,
        "Time from the last epoch's cut until it was final"
    );
    describe_histogram!(STEP, Unit::Seconds, "Duration of each write on an epoch's way, by step");
    describe_counter!(EVENTS, "Events in computed epochs");
    describe_counter!(CUTS, "Epochs cut, by reason");
    describe_gauge!(BACKLOG, "Committed events in no epoch yet");
    Ok(handle)
}

pub(crate) fn status_changed(status: &Status) {
    for condition in Condition::ALL {
        let is_current = condition == status.condition;
        gauge!(CONDITION, "condition" => condition.name()).set(f64::from(u8::from(is_current)));
    }
    gauge!(EPOCH, "state" => "computed").set(gauge_value(status.computed_epoch));
    gauge!(EPOCH, "state" => "final").set(gauge_value(status.final_epoch));
    if let Some(seconds) = status.cut_to_final_s {
        gauge!(CUT_TO_FINAL).set(gauge_value(seconds));
    }
}

pub(crate) fn step_done(step: &'static str, took: Duration) {
    histogram!(STEP, "step" => step).record(took);
}

pub(crate) fn epoch_cut(reason: &'static str) {
    counter!(CUTS, "why" => reason).increment(1);
}

pub(crate) fn epoch_computed(events: u64) {
    counter!(EVENTS).increment(events);
}

pub(crate) fn backlog_counted(events: u64) {
    gauge!(BACKLOG).set(gauge_value(events));
}

/// Counts of 2³² and more show as infinity: a gauge is an `f64`, and none of these counts gets there.
fn gauge_value(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

//! Every metric by its name and meaning. Labels are names of ours.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::sequence::{SequenceError, Step, Witness};
use crate::status::{Condition, Status};

/// One for the condition that holds, 0 for the others, by `condition`.
const CONDITION: &str = "shelfproof_anchor_condition";
/// The newest epoch, by `state`: sealed, final.
const EPOCH: &str = "shelfproof_anchor_epoch";
/// From an epoch's cut until it was final.
const CUT_TO_FINAL: &str = "shelfproof_anchor_cut_to_final_seconds";
/// How long each write of an epoch takes, by `step`.
const STEP: &str = "shelfproof_anchor_step_seconds";
/// Events sealed.
pub(crate) const EVENTS: &str = "shelfproof_anchor_events_total";
/// Epochs cut, by `why`.
pub(crate) const CUTS: &str = "shelfproof_anchor_cuts_total";
/// Events that wait for an epoch.
pub(crate) const WAITING: &str = "shelfproof_anchor_waiting_events";

const SECONDS_BUCKETS: [f64; 10] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0, 300.0, 1_200.0];

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
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)?
        .install_recorder()?;
    describe_gauge!(CONDITION, "1 for the condition that holds, 0 for the others");
    describe_gauge!(EPOCH, "The newest epoch, by state");
    describe_gauge!(
        CUT_TO_FINAL,
        Unit::Seconds,
        "From the last epoch's cut until it was final"
    );
    describe_histogram!(STEP, Unit::Seconds, "How long each write of an epoch takes");
    describe_counter!(EVENTS, "Events sealed");
    describe_counter!(CUTS, "Epochs cut, by reason");
    describe_gauge!(WAITING, "Events that wait for an epoch");
    Ok(handle)
}

/// Shows where an anchor stands.
pub(crate) fn show(status: &Status) {
    for condition in Condition::ALL {
        let holds = condition == status.condition;
        gauge!(CONDITION, "condition" => condition.name()).set(f64::from(u8::from(holds)));
    }
    gauge!(EPOCH, "state" => "sealed").set(whole(status.sealed_epoch));
    gauge!(EPOCH, "state" => "final").set(whole(status.final_epoch));
    if let Some(seconds) = status.cut_to_final_s {
        gauge!(CUT_TO_FINAL).set(whole(seconds));
    }
}

/// A count as metrics hold it; one beyond 2³² is as good as endless.
pub(crate) fn whole(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// Measures each write.
#[derive(Debug)]
pub(crate) struct Measured;

impl Witness for Measured {
    fn before(&mut self, _: Step) -> Result<(), SequenceError> {
        Ok(())
    }

    fn after(&mut self, step: Step, took: Duration) -> Result<(), SequenceError> {
        histogram!(STEP, "step" => step.name()).record(took);
        Ok(())
    }
}

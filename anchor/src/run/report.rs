//! The anchor's status, as its tasks report it: for whoever asks its address, in the database, in metrics and in the
//! log.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use alloy_primitives::Address;
use shelfproof_base::clock::now_ms;
use sqlx::PgConnection;
use tokio::sync::watch;

use crate::history::History;
use crate::metrics;
use crate::sequence::Round;
use crate::status::{Condition, Status};
use crate::step::{BrokenOff, Step, StepObserver};
use crate::store::status::{AnchorStatus, anchor_status_set};

/// The database gets the status at least this often, so that its readers see that the anchor lives.
const STORE_PERIOD: Duration = Duration::from_secs(5);

/// Merges what the two tasks report into one status.
pub(super) struct StatusReporter {
    signer: Address,
    history: Arc<History>,
    status: watch::Sender<Status>,
    reports: Mutex<Reports>,
}

#[derive(Default)]
struct Reports {
    sequencer: Report,
    submitter: Report,
    /// When the database got the status; `None` where it lacks the newest condition.
    stored_at: Option<Instant>,
}

/// What a task last reported.
#[derive(Clone, Default)]
struct Report {
    condition: Condition,
    detail: String,
    at_ms: u64,
}

impl Report {
    fn new(condition: Condition, detail: impl Into<String>) -> Self {
        Self {
            condition,
            detail: detail.into(),
            at_ms: now_ms(),
        }
    }

    /// Whether the task cannot go on; one that is slow or full only waits.
    const fn has_failed(&self) -> bool {
        !self.condition.is_well()
            && !matches!(
                self.condition,
                Condition::Slow | Condition::ChainBehind | Condition::NotPublished | Condition::Full
            )
    }
}

impl StatusReporter {
    /// Also returns the receiver of every new status.
    pub(super) fn new(signer: Address, history: &Arc<History>) -> (Self, watch::Receiver<Status>) {
        let (sender, receiver) = watch::channel(Status::default());
        let reporter = Self {
            signer,
            history: Arc::clone(history),
            status: sender,
            reports: Mutex::default(),
        };
        reporter.sequencer(Condition::Starting, String::new());
        (reporter, receiver)
    }

    /// A round of the sequencer ended.
    pub(super) fn sequenced(&self, round: &Round) {
        let detail = match round.condition {
            Condition::Full => "so many epochs wait for their final block that no more are cut",
            _ => "",
        };
        self.report(
            |reports| reports.sequencer = Report::new(round.condition, detail),
            |status| {
                status.computed_epoch = round.computed_epoch;
                status.next_cut_in_s = Some(round.next_cut_in_ms.div_ceil(1_000));
                let cut_to_final_s = round.cut_to_final_ms.map(|ms| ms.div_ceil(1_000));
                status.cut_to_final_s = cut_to_final_s.or(status.cut_to_final_s);
            },
        );
    }

    /// The sequencer failed, or waits.
    pub(super) fn sequencer(&self, condition: Condition, detail: String) {
        self.report(|reports| reports.sequencer = Report::new(condition, detail), |_| {});
    }

    /// A round of the submitter ended.
    pub(super) fn submitted(&self, is_slow: bool) {
        let (condition, detail) = if is_slow {
            let detail = "a transaction waits for its block: the fee that it offers may be too low now";
            (Condition::Slow, detail)
        } else {
            (Condition::Working, "")
        };
        self.report(|reports| reports.submitter = Report::new(condition, detail), |_| {});
    }

    /// The submitter failed, or waits.
    pub(super) fn submitter(&self, condition: Condition, detail: String) {
        self.report(|reports| reports.submitter = Report::new(condition, detail), |_| {});
    }

    /// Both tasks ended.
    pub(super) fn sessions_ended(&self, condition: Condition, detail: String) {
        self.report(
            |reports| {
                reports.sequencer = Report::new(condition, detail);
                reports.submitter = Report::default();
            },
            |_| {},
        );
    }

    /// Stores the status in the database, where it is due.
    pub(super) async fn store(&self, connection: &mut PgConnection) {
        if self.reports().stored_at.is_some_and(|at| at.elapsed() < STORE_PERIOD) {
            return;
        }
        let stored = AnchorStatus {
            signer: self.signer,
            status: self.status.borrow().clone(),
            at_ms: now_ms(),
        };
        let condition = stored.status.condition;
        // An error is not reported here: the next round meets and reports it.
        if anchor_status_set(connection, &stored).await.is_ok() && self.status.borrow().condition == condition {
            self.reports().stored_at = Some(Instant::now());
        }
    }

    /// Takes a report; a new condition is logged.
    fn report(&self, take: impl FnOnce(&mut Reports), more: impl FnOnce(&mut Status)) {
        let mut reports = self.reports();
        take(&mut reports);
        let merged = merge(&reports.sequencer, &reports.submitter);
        let mut status = self.status.borrow().clone();
        let is_news = (status.condition, &status.detail) != (merged.condition, &merged.detail);
        let (final_epoch, final_hash) = self.history.final_epoch();
        status = Status {
            condition: merged.condition,
            detail: merged.detail,
            at_ms: merged.at_ms,
            final_epoch,
            final_hash,
            ..status
        };
        more(&mut status);
        if is_news {
            log(&status);
            reports.stored_at = None;
        }
        metrics::status_changed(&status);
        self.status.send_replace(status);
    }

    // Nothing that holds it panics.
    fn reports(&self) -> MutexGuard<'_, Reports> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One condition of two: a failure before what only waits, what the sequencer meets before what the chain's node does.
/// The time is that of the task which has reported nothing for longer, so that one that hangs is noticed.
fn merge(sequencer: &Report, submitter: &Report) -> Report {
    let both = [sequencer, submitter];
    let failed = both.iter().find(|report| report.has_failed());
    let waiting = both.iter().find(|report| !report.condition.is_well());
    // Both are well: a task that has not begun to work is shown.
    let other = both.iter().find(|report| report.condition != Condition::Working);
    let shown = failed.or(waiting).or(other).unwrap_or(&sequencer);
    let at_ms = match submitter.condition {
        Condition::Starting => sequencer.at_ms,
        _ => sequencer.at_ms.min(submitter.at_ms),
    };
    Report {
        at_ms,
        ..(*shown).clone()
    }
}

/// Measures each write.
#[derive(Debug)]
pub(super) struct StepTimer;

impl StepObserver for StepTimer {
    fn before(&mut self, _: Step) -> Result<(), BrokenOff> {
        Ok(())
    }

    fn after(&mut self, step: Step, took: Duration) -> Result<(), BrokenOff> {
        metrics::step_done(step.name(), took);
        Ok(())
    }
}

fn log(status: &Status) {
    let Status { condition, detail, .. } = status;
    if condition.is_well() {
        tracing::info!(condition = condition.name(), "the anchor's condition");
    } else {
        tracing::error!(condition = condition.name(), "{detail}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_shown_before_what_waits_and_work_only_where_both_do() {
        let of = |sequencer, submitter| merge(&Report::new(sequencer, ""), &Report::new(submitter, "")).condition;
        assert_eq!(of(Condition::Working, Condition::Working), Condition::Working);
        assert_eq!(of(Condition::Working, Condition::Starting), Condition::Starting);
        assert_eq!(of(Condition::Standby, Condition::Starting), Condition::Standby);
        assert_eq!(of(Condition::Full, Condition::NoFunds), Condition::NoFunds);
        assert_eq!(of(Condition::Full, Condition::Slow), Condition::Full);
        assert_eq!(of(Condition::Working, Condition::Slow), Condition::Slow);
        assert_eq!(
            of(Condition::BadHistory, Condition::RpcUnreachable),
            Condition::BadHistory
        );
    }

    #[test]
    fn the_time_is_that_of_the_task_that_was_silent_for_longer() {
        let mut silent = Report::new(Condition::Working, "");
        silent.at_ms = 5;
        let other = Report::new(Condition::Working, "");
        assert_eq!(merge(&silent, &other).at_ms, 5);
        assert_eq!(merge(&other, &silent).at_ms, 5);
    }
}

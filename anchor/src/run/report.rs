//! What the anchor says of itself: to its listener, to the database, to metrics and to the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy_primitives::Address;
use shelfproof_base::clock::now_ms;
use sqlx::PgConnection;
use tokio::sync::watch;

use crate::history::History;
use crate::metrics;
use crate::sequence::{Round, SequenceError};
use crate::status::{Condition, Status};
use crate::step::{BrokenOff, Step, StepObserver};
use crate::store::status::{AnchorStatus, anchor_status_set};

/// The database is told at least so often, so that whoever asks it sees who lives.
const STORE_PERIOD: Duration = Duration::from_secs(5);

/// Tells where an anchor stands.
pub(super) struct StatusReporter {
    signer: Address,
    history: Arc<History>,
    status: watch::Sender<Status>,
    stored_at: Option<Instant>,
}

impl StatusReporter {
    /// And whoever listens to it.
    pub(super) fn new(signer: Address, history: &Arc<History>) -> (Self, watch::Receiver<Status>) {
        let (sender, receiver) = watch::channel(Status::default());
        let mut reporter = Self {
            signer,
            history: Arc::clone(history),
            status: sender,
            stored_at: None,
        };
        reporter.report(Condition::Starting, String::new());
        (reporter, receiver)
    }

    /// That a round ended, and how.
    pub(super) async fn report_round(&mut self, round: &Round, connection: &mut PgConnection) {
        let detail = match round.condition {
            Condition::Slow => "a transaction waits for its block: the fee that it offers may be too low now",
            Condition::Full => "so many epochs wait for their final block that no more are cut",
            _ => "",
        };
        let cut_to_final_s = round.cut_to_final_ms.map(|ms| ms.div_ceil(1_000));
        let is_news = self.change(round.condition, detail.to_owned(), |status| {
            status.computed_epoch = round.computed_epoch;
            status.next_cut_in_s = Some(round.next_cut_in_ms.div_ceil(1_000));
            status.cut_to_final_s = cut_to_final_s.or(status.cut_to_final_s);
        });
        self.store(connection, is_news).await;
    }

    /// That something failed; the database too, where it can be told.
    pub(super) async fn report_failure(&mut self, error: &SequenceError, connection: Option<&mut PgConnection>) {
        let is_news = self.change(error.condition(), error.to_string(), |_| {});
        if let Some(connection) = connection {
            self.store(connection, is_news).await;
        }
    }

    /// A condition.
    pub(super) fn report(&mut self, condition: Condition, detail: String) {
        self.change(condition, detail, |_| {});
    }

    /// Whether the condition is another than before: only that is logged.
    fn change(&self, condition: Condition, detail: String, more: impl FnOnce(&mut Status)) -> bool {
        let mut status = self.status.borrow().clone();
        let is_news = (status.condition, &status.detail) != (condition, &detail);
        let (final_epoch, final_hash) = self.history.final_epoch();
        status = Status {
            condition,
            detail,
            at_ms: now_ms(),
            final_epoch,
            final_hash,
            ..status
        };
        more(&mut status);
        if is_news {
            log(&status);
        }
        metrics::status_changed(&status);
        self.status.send_replace(status);
        is_news
    }

    async fn store(&mut self, connection: &mut PgConnection, is_news: bool) {
        if !is_news && self.stored_at.is_some_and(|at| at.elapsed() < STORE_PERIOD) {
            return;
        }
        let stored = AnchorStatus {
            signer: self.signer,
            status: self.status.borrow().clone(),
            at_ms: now_ms(),
        };
        // A database that fails is met again by the next round.
        if anchor_status_set(connection, &stored).await.is_ok() {
            self.stored_at = Some(Instant::now());
        }
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

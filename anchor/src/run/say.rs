//! What the anchor says of itself: to its listener, to the database, to metrics and to the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use alloy_primitives::Address;
use shelfproof_base::clock::now_ms;
use sqlx::PgConnection;
use tokio::sync::watch;

use crate::figures;
use crate::history::History;
use crate::sequence::{Round, SequenceError};
use crate::status::{Condition, Status};
use crate::store::told::{Told, anchor_tell};

/// The database is told at least so often, so that whoever asks it sees who lives.
const TELL_PERIOD: Duration = Duration::from_secs(5);

/// Tells where an anchor stands.
pub(super) struct Teller {
    signer: Address,
    history: Arc<History>,
    status: watch::Sender<Status>,
    told_at: Option<Instant>,
}

impl Teller {
    /// And whoever listens to it.
    pub(super) fn new(signer: Address, history: &Arc<History>) -> (Self, watch::Receiver<Status>) {
        let (sender, receiver) = watch::channel(Status::default());
        let mut teller = Self {
            signer,
            history: Arc::clone(history),
            status: sender,
            told_at: None,
        };
        teller.say(Condition::Starting, String::new());
        (teller, receiver)
    }

    /// That a round ended, and how.
    pub(super) async fn say_round(&mut self, round: &Round, connection: &mut PgConnection) {
        let detail = match round.condition {
            Condition::Slow => "a transaction waits for its block: the fee that it offers may be too low now",
            Condition::Full => "so many epochs wait for their final block that no more are cut",
            _ => "",
        };
        let cut_to_final_s = round.cut_to_final_ms.map(|ms| ms.div_ceil(1_000));
        let is_news = self.change(round.condition, detail.to_owned(), |status| {
            status.sealed_epoch = round.sealed_epoch;
            status.next_cut_in_s = Some(round.next_cut_in_ms.div_ceil(1_000));
            status.cut_to_final_s = cut_to_final_s.or(status.cut_to_final_s);
        });
        self.tell(connection, is_news).await;
    }

    /// That something failed; the database too, where it can be told.
    pub(super) async fn say_failure(&mut self, error: &SequenceError, connection: Option<&mut PgConnection>) {
        let is_news = self.change(error.condition(), error.to_string(), |_| {});
        if let Some(connection) = connection {
            self.tell(connection, is_news).await;
        }
    }

    /// A condition.
    pub(super) fn say(&mut self, condition: Condition, detail: String) {
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
        figures::show(&status);
        self.status.send_replace(status);
        is_news
    }

    async fn tell(&mut self, connection: &mut PgConnection, is_news: bool) {
        if !is_news && self.told_at.is_some_and(|at| at.elapsed() < TELL_PERIOD) {
            return;
        }
        let told = Told {
            signer: self.signer,
            status: self.status.borrow().clone(),
            at_ms: now_ms(),
        };
        // A database that fails is met again by the next round.
        if anchor_tell(connection, &told).await.is_ok() {
            self.told_at = Some(Instant::now());
        }
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

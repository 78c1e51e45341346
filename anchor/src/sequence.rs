//! From committed events to a final epoch, killable at every line.
//!
//! Nothing is kept here but what the database, the folder and the chain hold: a round reads where things stand, does what can be
//! done, and ends. After a kill, or a write that failed on its way back, the next round goes on from there, with the same epoch
//! byte for byte. All writes to the database go over the session that holds the lock, so that an anchor which lost it writes no more.

use std::sync::Arc;

use alloy_primitives::B256;
use shelfproof_verifier::chain::ChainView;
use sqlx::PgConnection;

mod chain;
mod error;
mod restore;

pub use error::SequenceError;

use crate::cut_policy::{Backlog, CutPolicy, CutReason, Decision};
use crate::history::History;
use crate::metrics;
use crate::status::Condition;
use crate::step::{self, Step, StepObserver};
use crate::store::bound::{bounded, bounded_long};
use crate::store::epochs::{
    Epoch, EpochProgress, EpochRoots, epoch_after, epoch_commit_roots, epoch_cut, epoch_finish, epoch_progress,
    event_backlog,
};
use crate::tx::Sender;

/// Bounds of what waits for its final block.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Epochs at most.
    pub epochs: usize,
    /// Events in them at most.
    pub events: u64,
}

/// Where a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// How it stands: working, full, or slow.
    pub condition: Condition,
    /// Whether there is more to do at once.
    pub again: bool,
    /// The newest epoch worked out.
    pub computed_epoch: u64,
    /// Until the next cut at the latest, milliseconds.
    pub next_cut_in_ms: u64,
    /// From cut to final, of the last epoch that became final in this round, milliseconds.
    pub cut_to_final_ms: Option<u64>,
}

/// The one anchor that works.
pub struct Sequencer {
    connection: PgConnection,
    sender: Arc<Sender>,
    history: Arc<History>,
    policy: CutPolicy,
    bounds: Bounds,
    observer: Box<dyn StepObserver>,
    backlog: Look,
    /// The final block, and the newest epoch, when it was last looked for epochs that are final.
    seen: Option<(B256, u64)>,
    sent: Option<chain::LastSend>,
}

/// What waits, as it was seen last: only what came since is counted at the next look.
#[derive(Clone, Debug, Default)]
struct Look {
    /// The snapshot of the cut that it counts from.
    since: String,
    /// The snapshot of the last look.
    seen: String,
    backlog: Backlog,
}

impl Sequencer {
    /// Over a session that holds the lock.
    #[must_use]
    pub fn new(
        connection: PgConnection,
        sender: Arc<Sender>,
        history: Arc<History>,
        policy: CutPolicy,
        bounds: Bounds,
        observer: Box<dyn StepObserver>,
    ) -> Self {
        Self {
            connection,
            sender,
            history,
            policy,
            bounds,
            observer,
            backlog: Look::default(),
            seen: None,
            sent: None,
        }
    }

    /// The session that holds the lock.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// One round: whatever can be done at `now_ms`.
    ///
    /// # Errors
    /// Where something does not work; the next round goes on from wherever this one came.
    pub async fn round(&mut self, now_ms: u64) -> Result<Round, SequenceError> {
        self.restore().await?;
        let progress = bounded(epoch_progress(&mut self.connection)).await?;
        let mut open = bounded(epoch_after(&mut self.connection, progress.finished)).await?;
        if let Some(unsealed) = open.pop_if(|epoch| epoch.roots.is_none()) {
            open.push(self.compute(unsealed, now_ms).await?);
        }
        let mut round = Round {
            condition: Condition::Working,
            again: false,
            computed_epoch: progress.newest,
            next_cut_in_ms: 0,
            cut_to_final_ms: None,
        };
        if let Some(newest) = open.last().map(|epoch| epoch.number) {
            // While neither the final block nor the open epochs change, nothing becomes final: most rounds ask no more than that.
            let seen = (self.sender.final_block().await?, newest);
            if self.seen != Some(seen) {
                let view = self.sender.view(open.iter().map(|epoch| epoch.number)).await?;
                round.cut_to_final_ms = self.finish(&mut open, &view, now_ms).await?;
                self.seen = Some(seen);
            }
        }
        let Some(is_slow) = self.submit_next(&open, progress.newest, now_ms).await? else {
            return self.cut(progress, open.len(), round, now_ms).await;
        };
        if is_slow {
            round.condition = Condition::Slow;
        }
        round.next_cut_in_ms = self.policy.every_ms;
        Ok(round)
    }

    /// Works out an epoch that was cut: roots, data file, then roots and hash stored. A kill before the last of these leaves an epoch
    /// without a hash, and at worst a data file that nobody was told of; the same events lead to the same bytes again.
    async fn compute(&mut self, epoch: Epoch, now_ms: u64) -> Result<Epoch, SequenceError> {
        let computed = self.compute_epoch(epoch.number).await?;
        let roots = EpochRoots {
            header: computed.header,
            hash: computed.hash,
        };
        let computed = Arc::new(computed);
        let (history, file) = (Arc::clone(&self.history), Arc::clone(&computed));
        let publish = async {
            tokio::task::spawn_blocking(move || history.publish(&file))
                .await?
                .map_err(SequenceError::from)
        };
        step::write(&mut *self.observer, Step::Publish, publish).await??;
        let store = bounded(epoch_commit_roots(&mut self.connection, &roots, now_ms));
        step::write(&mut *self.observer, Step::CommitRoots, store).await??;
        if let Some(computed) = Arc::into_inner(computed) {
            let history = Arc::clone(&self.history);
            tokio::task::spawn_blocking(move || history.push(computed)).await??;
        }
        metrics::epoch_computed(roots.header.event_count);
        tracing::info!(epoch = epoch.number, events = roots.header.event_count, hash = %roots.hash, "sealed");
        Ok(Epoch {
            roots: Some(roots),
            ..epoch
        })
    }

    /// Takes the epochs that final blocks hold into the history map, and marks them; how long the last of them took, milliseconds.
    async fn finish(
        &mut self,
        open: &mut Vec<Epoch>,
        view: &ChainView,
        now_ms: u64,
    ) -> Result<Option<u64>, SequenceError> {
        let mut took_ms = None;
        while let Some((number, roots, place)) = chain::first_final(open, view, now_ms)? {
            if self.history.final_epoch().0 < number {
                let history = Arc::clone(&self.history);
                let finalise = async {
                    let done =
                        tokio::task::spawn_blocking(move || history.finalise(number, place.block, place.anchored_at_s));
                    done.await?.map_err(SequenceError::from)
                };
                step::write(&mut *self.observer, Step::Finalise, finalise).await??;
            }
            let mark = bounded(epoch_finish(&mut self.connection, number, &roots.hash, &place));
            step::write(&mut *self.observer, Step::Finish, mark).await??;
            let epoch = open.remove(0);
            took_ms = Some(now_ms.saturating_sub(epoch.cut_at_ms));
            tracing::info!(epoch = number, block = place.block, "final");
        }
        Ok(took_ms)
    }

    /// Cuts the next epoch, where it is time.
    async fn cut(
        &mut self,
        progress: EpochProgress,
        open: usize,
        mut round: Round,
        now_ms: u64,
    ) -> Result<Round, SequenceError> {
        let (layers, waiting) = self.history.waiting();
        if open.max(layers) >= self.bounds.epochs || waiting >= self.bounds.events {
            round.condition = Condition::Full;
            return Ok(round);
        }
        let decision = if progress.has_rest {
            Decision::Cut(CutReason::Count)
        } else {
            self.look(&progress.waiting_since).await?;
            self.policy.decide(&self.backlog.backlog, progress.cut_at_ms, now_ms)
        };
        match decision {
            Decision::Wait(ms) | Decision::Nothing(ms) => round.next_cut_in_ms = ms,
            Decision::Cut(why) => {
                let events_max = self.policy.events_max;
                let cut = bounded_long(epoch_cut(&mut self.connection, events_max, now_ms));
                let number = step::write(&mut *self.observer, Step::Cut, cut).await??;
                round.again = number.is_some();
                tracing::debug!(epoch = number, why = why.name(), "cut");
                metrics::epoch_cut(why.name());
            }
        }
        Ok(round)
    }

    /// Counts what came since the last look.
    async fn look(&mut self, waiting_since: &str) -> Result<(), SequenceError> {
        if self.backlog.since != waiting_since {
            self.backlog = Look {
                since: waiting_since.to_owned(),
                seen: waiting_since.to_owned(),
                backlog: Backlog::default(),
            };
        }
        let more = bounded(event_backlog(&mut self.connection, &self.backlog.seen)).await?;
        self.backlog.backlog = self.backlog.backlog.and(&more);
        self.backlog.seen = more.snapshot;
        metrics::backlog_counted(self.backlog.backlog.events);
        Ok(())
    }
}

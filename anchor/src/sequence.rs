//! From committed events to a final epoch: the anchor's first task, which may be killed at any point.
//!
//! A [`Sequencer`] cuts an epoch, computes its roots, publishes its data, commits the roots, and stores an intent to
//! anchor it. The submitter ([`crate::submit`]) brings the intent onto the chain, and stores when a final block holds
//! the epoch; then the sequencer adds the epoch to the history map and marks it final. The sequencer itself never reads
//! the chain, so that a slow node does not delay it.
//!
//! All state is in the database and the history folder. A round reads both, does what can be done, and ends. After a
//! kill, or after a write whose answer was lost, the next round continues with the same epoch, byte for byte. All
//! writes to the database go through the session that holds the lock, so that an anchor without the lock cannot write.

use std::sync::Arc;

use alloy_primitives::Address;
use shelfproof_verifier::chain::Identity;
use sqlx::PgConnection;

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
    AnchoredAt, Epoch, EpochProgress, EpochRoots, epoch_after, epoch_commit_roots, epoch_cut, epoch_finish,
    epoch_progress, event_backlog,
};
use crate::store::intents::{EpochIntent, NewIntent, Purpose, intent_insert, intent_outcomes};
use crate::submit::{Signals, anchor_call};

/// Bounds of what waits for its final block.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub epochs: usize,
    /// Events in them at most.
    pub events: u64,
}

/// The fields that all of this merchant's intents to anchor have in common.
#[derive(Clone, Copy, Debug)]
pub struct IntentTerms {
    pub identity: Identity,
    /// The account that anchors.
    pub sender: Address,
    /// The most that is offered for a unit of gas, wei.
    pub max_fee_wei: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Working, or full.
    pub condition: Condition,
    /// Whether there is more to do at once.
    pub again: bool,
    /// The newest epoch with committed roots.
    pub computed_epoch: u64,
    /// Until the next cut at the latest, milliseconds.
    pub next_cut_in_ms: u64,
    /// From cut to final, of the last epoch that became final in this round, milliseconds.
    pub cut_to_final_ms: Option<u64>,
}

/// The one sequencer of a database.
pub struct Sequencer {
    connection: PgConnection,
    history: Arc<History>,
    terms: IntentTerms,
    policy: CutPolicy,
    bounds: Bounds,
    signals: Arc<Signals>,
    observer: Box<dyn StepObserver>,
    count: EventCount,
}

/// The events that wait, as of the last count: the next one counts only what came since.
#[derive(Clone, Debug, Default)]
struct EventCount {
    /// The snapshot of the newest cut, after which events wait.
    since: String,
    /// The snapshot of the last count.
    counted_to: String,
    backlog: Backlog,
}

impl Sequencer {
    /// `connection` holds the anchor's lock.
    #[must_use]
    pub fn new(
        connection: PgConnection,
        history: Arc<History>,
        terms: IntentTerms,
        policy: CutPolicy,
        bounds: Bounds,
        signals: Arc<Signals>,
        observer: Box<dyn StepObserver>,
    ) -> Self {
        Self {
            connection,
            history,
            terms,
            policy,
            bounds,
            signals,
            observer,
            count: EventCount::default(),
        }
    }

    /// The session that holds the lock.
    pub const fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Does one round: whatever can be done at `now_ms`.
    ///
    /// # Errors
    /// If a step fails. What was written stays, and the next round continues from there.
    pub async fn round(&mut self, now_ms: u64) -> Result<Round, SequenceError> {
        self.restore().await?;
        let progress = bounded(epoch_progress(&mut self.connection)).await?;
        let mut open = bounded(epoch_after(&mut self.connection, progress.finished)).await?;
        if let Some(cut) = open.pop_if(|epoch| epoch.roots.is_none()) {
            open.push(self.compute(cut, now_ms).await?);
        }
        let outcomes = bounded(intent_outcomes(&mut self.connection, progress.finished)).await?;
        self.store_intents(&open, &outcomes, now_ms).await?;
        let cut_to_final_ms = self.finish(&mut open, &outcomes, now_ms).await?;
        let round = Round {
            condition: Condition::Working,
            again: false,
            computed_epoch: progress.newest,
            next_cut_in_ms: self.policy.every_ms,
            cut_to_final_ms,
        };
        self.cut(progress, open.len(), round, now_ms).await
    }

    /// Computes an epoch that was cut: roots, data file, then roots and hash stored. A kill before the last of these
    /// leaves an epoch without roots, and at worst a data file that nothing names; the same events lead to the same
    /// bytes again.
    async fn compute(&mut self, epoch: Epoch, now_ms: u64) -> Result<Epoch, SequenceError> {
        let computed = self.compute_epoch(epoch.number).await?;
        let roots = EpochRoots {
            header: computed.header,
            hash: computed.hash,
            newest_at_ms: computed.newest_at_ms,
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
        tracing::info!(epoch = epoch.number, events = roots.header.event_count, hash = %roots.hash, "roots committed");
        Ok(Epoch {
            roots: Some(roots),
            ..epoch
        })
    }

    /// Stores an intent for each epoch that has none, or none that can still succeed.
    async fn store_intents(
        &mut self,
        open: &[Epoch],
        intents: &[EpochIntent],
        now_ms: u64,
    ) -> Result<(), SequenceError> {
        for epoch in open {
            let Some(roots) = epoch.roots else { continue };
            let has_intent = intents
                .iter()
                .any(|intent| intent.epoch == epoch.number && !intent.is_void);
            if has_intent {
                continue;
            }
            let IntentTerms {
                identity,
                sender,
                max_fee_wei,
            } = &self.terms;
            let intent = NewIntent {
                purpose: Purpose::AnchorEpoch(epoch.number),
                call: anchor_call(identity, *sender, &roots.header),
                deadline_s: epoch.anchor_by_s,
                max_fee_wei: *max_fee_wei,
                created_at_ms: now_ms,
            };
            let store = bounded(intent_insert(&mut self.connection, &intent));
            step::write(&mut *self.observer, Step::StoreIntent, store).await??;
            self.signals.intent_stored.notify_one();
        }
        Ok(())
    }

    /// Takes the epochs that final blocks hold into the history map, and marks them; how long the last of them took,
    /// milliseconds.
    async fn finish(
        &mut self,
        open: &mut Vec<Epoch>,
        intents: &[EpochIntent],
        now_ms: u64,
    ) -> Result<Option<u64>, SequenceError> {
        let mut took_ms = None;
        while let Some((epoch, roots)) = open.first().and_then(|epoch| Some((epoch, epoch.roots?))) {
            let (number, cut_at_ms) = (epoch.number, epoch.cut_at_ms);
            let intent = intents.iter().find(|intent| intent.epoch == number);
            let Some(block) = intent.and_then(|intent| intent.final_in) else {
                break;
            };
            if self.history.final_epoch().0 < number {
                let finalise = finalise(&self.history, number, block.number, block.time_s);
                step::write(&mut *self.observer, Step::Finalise, finalise).await??;
            }
            let place = AnchoredAt {
                block: block.number,
                anchored_at_s: block.time_s,
                final_at_ms: now_ms,
            };
            let mark = bounded(epoch_finish(&mut self.connection, number, &roots.hash, &place));
            step::write(&mut *self.observer, Step::Finish, mark).await??;
            open.remove(0);
            took_ms = Some(now_ms.saturating_sub(cut_at_ms));
            tracing::info!(epoch = number, block = block.number, "final");
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
        let Some(on_chain) = self.signals.on_chain() else {
            return Ok(round);
        };
        let decision = if progress.has_rest {
            Decision::Cut(CutReason::Count)
        } else {
            self.count_events(&progress.waiting_since).await?;
            let unposted = progress.newest.saturating_sub(on_chain);
            self.policy
                .decide(&self.count.backlog, unposted, progress.cut_at_ms, now_ms)
        };
        match decision {
            Decision::Wait(ms) | Decision::Nothing(ms) => round.next_cut_in_ms = ms,
            Decision::Cut(reason) => {
                let events_max = self.policy.events_max;
                let cut = bounded_long(epoch_cut(&mut self.connection, events_max, now_ms));
                let number = step::write(&mut *self.observer, Step::Cut, cut).await??;
                round.again = number.is_some();
                tracing::debug!(epoch = number, reason = reason.name(), "cut");
                metrics::epoch_cut(reason.name());
            }
        }
        Ok(round)
    }

    /// Counts what came since the last count.
    async fn count_events(&mut self, waiting_since: &str) -> Result<(), SequenceError> {
        if self.count.since != waiting_since {
            self.count = EventCount {
                since: waiting_since.to_owned(),
                counted_to: waiting_since.to_owned(),
                backlog: Backlog::default(),
            };
        }
        let more = bounded(event_backlog(&mut self.connection, &self.count.counted_to)).await?;
        self.count.backlog = self.count.backlog.and(&more);
        self.count.counted_to = more.snapshot;
        metrics::backlog_counted(self.count.backlog.events);
        Ok(())
    }
}

/// Takes the oldest epoch that is not final into the map: it is in that block of that time (Unix seconds).
async fn finalise(history: &Arc<History>, number: u64, block: u64, anchored_at_s: u64) -> Result<(), SequenceError> {
    let history = Arc::clone(history);
    Ok(tokio::task::spawn_blocking(move || history.finalise(number, block, anchored_at_s)).await??)
}

//! Brings the history in memory and on this disk to where the database is: after a kill, on another machine, after an
//! error.

use std::sync::Arc;

use alloy_primitives::B256;
use shelfproof_verifier::epoch;
use shelfproof_verifier::event::RawEvent;

use super::{SequenceError, Sequencer, finalise};
use crate::history::ComputedEpoch;
use crate::store::bound::{bounded, bounded_long};
use crate::store::epochs::{Epoch, EpochRoots, epoch_after, epoch_events, epoch_get};

impl Sequencer {
    /// Computes every stored epoch above the history's tip again, and takes the final ones into the map. The database
    /// is the truth; a data file that is missing is written again.
    pub(super) async fn restore(&mut self) -> Result<(), SequenceError> {
        self.check_map().await?;
        self.check_tip().await?;
        self.finalise_others().await?;
        loop {
            let (tip, _) = self.history.tip();
            let missing = bounded(epoch_after(&mut self.connection, tip)).await?;
            let mut went_on = false;
            for epoch in missing {
                let Some(roots) = epoch.roots else { return Ok(()) };
                self.restore_one(&epoch, roots).await?;
                went_on = true;
            }
            if !went_on {
                return Ok(());
            }
        }
    }

    /// Epochs in memory above the map that the database does not hold are forgotten: a fail-over of the database may
    /// have lost them.
    async fn check_tip(&mut self) -> Result<(), SequenceError> {
        let (tip, hash) = self.history.tip();
        if tip == self.history.final_epoch().0 || self.holds(tip, hash).await? {
            return Ok(());
        }
        let history = Arc::clone(&self.history);
        Ok(tokio::task::spawn_blocking(move || history.truncate(history.final_epoch().0)).await?)
    }

    /// Takes the epochs in memory into the map that another anchor brought to their final blocks while this one stood by.
    async fn finalise_others(&mut self) -> Result<(), SequenceError> {
        let ((map, _), (tip, _)) = (self.history.final_epoch(), self.history.tip());
        if map == tip {
            return Ok(());
        }
        for epoch in bounded(epoch_after(&mut self.connection, map)).await? {
            let Some(place) = epoch.anchored.filter(|_| epoch.number <= tip) else {
                break;
            };
            finalise(&self.history, epoch.number, place.block, place.anchored_at_s).await?;
        }
        Ok(())
    }

    /// Whether the database holds that epoch with that hash.
    async fn holds(&mut self, number: u64, hash: B256) -> Result<bool, SequenceError> {
        let stored = bounded(epoch_get(&mut self.connection, number)).await?;
        Ok(stored
            .and_then(|epoch| epoch.roots)
            .is_some_and(|roots| roots.hash == hash))
    }

    /// Checks that the map's epoch is the database's.
    async fn check_map(&mut self) -> Result<(), SequenceError> {
        let (map, hash) = self.history.final_epoch();
        if map == 0 {
            return Ok(());
        }
        let stored = bounded(epoch_get(&mut self.connection, map))
            .await?
            .and_then(|epoch| epoch.roots);
        if stored.is_some_and(|roots| roots.hash == hash) {
            return Ok(());
        }
        Err(SequenceError::OtherHistory { map })
    }

    async fn restore_one(&mut self, epoch: &Epoch, roots: EpochRoots) -> Result<(), SequenceError> {
        let number = epoch.number;
        let computed = self.compute_epoch(number).await?;
        if (computed.header, computed.hash) != (roots.header, roots.hash) {
            return Err(SequenceError::Differs { number });
        }
        tracing::info!(epoch = number, "computed again");
        let history = Arc::clone(&self.history);
        let taken = tokio::task::spawn_blocking(move || {
            history.publish(&computed)?;
            history.push(computed)
        });
        taken.await??;
        // One after the other: only what is not final stays in memory.
        match epoch.anchored {
            Some(place) => finalise(&self.history, number, place.block, place.anchored_at_s).await,
            None => Ok(()),
        }
    }

    /// Reads an epoch's events, and computes it.
    pub(super) async fn compute_epoch(&mut self, number: u64) -> Result<ComputedEpoch, SequenceError> {
        let mut records = bounded_long(epoch_events(&mut self.connection, number)).await?;
        let history = Arc::clone(&self.history);
        let computed = tokio::task::spawn_blocking(move || {
            records.sort_unstable_by(by_key_and_version);
            let events = epoch::events_of(&records).map_err(|cause| SequenceError::Events { number, cause })?;
            history.compute_epoch(&events).map_err(SequenceError::from)
        });
        let computed = computed.await??;
        if computed.header.number == number {
            Ok(computed)
        } else {
            Err(SequenceError::Differs { number })
        }
    }
}

/// The order of an epoch's data. Key ids nearly always differ in their first eight bytes, which compare fast as one
/// number.
fn by_key_and_version(a: &RawEvent, b: &RawEvent) -> std::cmp::Ordering {
    let head = |record: &RawEvent| record.key_id.first_chunk().map_or(0, |head| u64::from_be_bytes(*head));
    head(a)
        .cmp(&head(b))
        .then_with(|| (a.key_id, a.version).cmp(&(b.key_id, b.version)))
}

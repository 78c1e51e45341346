//! Epochs that are not final yet, in memory above the map. The next epoch is planned on the newest of them; proofs are
//! made from the map alone.

use std::collections::VecDeque;
use std::ops::Range;

use alloy_primitives::B256;

use super::crowd::crowded;
use super::disk::{Map, Written};
use super::error::MapError;
use super::plan::{Followed, Plan, Planner};
use super::seen::Seen;
use crate::history::Head;

/// A map at the last final epoch, and planned epochs above it. Memory: every bucket that these epochs touch, as
/// [`Map::commit`] says. The caller bounds [`Self::waiting`].
pub struct Overlay {
    map: Map,
    /// Oldest first.
    layers: VecDeque<Layer>,
}

/// A planned epoch.
struct Layer {
    number: u64,
    hash: B256,
    plan: Plan,
}

impl Overlay {
    /// An overlay without epochs above the map.
    #[must_use]
    pub const fn new(map: Map) -> Self {
        Self {
            map,
            layers: VecDeque::new(),
        }
    }

    /// The map at the last final epoch.
    #[must_use]
    pub const fn map(&self) -> &Map {
        &self.map
    }

    /// Number and hash of the newest epoch, final or not; 0 and zero before the first.
    #[must_use]
    pub fn tip(&self) -> (u64, B256) {
        let newest = self.layers.back();
        newest.map_or_else(|| self.map.epoch(), |layer| (layer.number, layer.hash))
    }

    /// The history root after the newest epoch.
    #[must_use]
    pub fn root(&self) -> B256 {
        let newest = self.layers.back();
        newest.map_or_else(|| self.map.root(), |layer| layer.plan.root())
    }

    /// The number of epochs above the map.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    /// The number of updates above the map, to which the overlay's memory is proportional.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.layers.iter().map(|layer| layer.plan.updates as u64).sum()
    }

    /// As [`Map::follow`], after the newest epoch; and opens the trie before the epoch along the keys, which is the end
    /// of the epoch's delta ([`crate::delta`]).
    ///
    /// # Errors
    /// As [`Map::follow`].
    pub fn follow<E: From<MapError> + Send>(
        &self,
        keys: &[B256],
        step: impl Fn(Range<usize>, &[Option<Head>]) -> Result<Vec<(B256, Head)>, E> + Sync,
    ) -> Result<Followed, E> {
        Planner::new(self.map.base(), keys, step, true).follow(self.tip(), &self.seen())
    }

    /// As [`Map::crowded`], after the newest epoch.
    ///
    /// # Errors
    /// As [`Map::head`].
    pub fn crowded(&self, keys: &[B256]) -> Result<Option<B256>, MapError> {
        let planned = self.layers.iter().map(|layer| layer.plan.deepest).max();
        crowded(self.map.base(), &self.seen(), planned.unwrap_or(0), keys)
    }

    /// The tree after the newest epoch.
    fn seen(&self) -> Seen<'_> {
        Seen::root(self.layers.iter().rev().filter_map(|layer| layer.plan.change.as_ref()))
    }

    /// Adds an epoch. [`Self::follow`] must have made its plan, with nothing pushed or truncated since.
    ///
    /// # Errors
    /// [`MapError::OtherState`] if the plan was made on another state, [`MapError::Number`] if the epoch is not the
    /// next.
    pub fn push(&mut self, plan: Plan, number: u64, hash: B256) -> Result<(), MapError> {
        if plan.epoch != self.tip() {
            return Err(MapError::OtherState);
        }
        let wanted = self.tip().0.saturating_add(1);
        if number != wanted {
            return Err(MapError::Number { wanted, given: number });
        }
        self.layers.push_back(Layer { number, hash, plan });
        Ok(())
    }

    /// Writes the oldest epoch above the map to the disk, durably. The map is read as before until
    /// [`Self::settle_first`], which must follow: so proofs need not wait for the disk. `None` if there is no epoch above
    /// the map.
    ///
    /// # Errors
    /// If the store fails. The map may then be at either epoch: open it again.
    pub fn write_first(&self) -> Result<Option<Written>, MapError> {
        let write = |layer: &Layer| self.map.write(&layer.plan, layer.number, layer.hash);
        self.layers.front().map(write).transpose()
    }

    /// Takes the epoch that was written into what is read of the map. Returns its number and hash.
    ///
    /// # Errors
    /// [`MapError::OtherState`] if it is no longer the oldest above the map: open the map again.
    #[expect(clippy::needless_pass_by_value, reason = "what was written is settled once")]
    pub fn settle_first(&mut self, written: Written) -> Result<(u64, B256), MapError> {
        let marker = written.marker;
        let epoch = (marker.epoch, marker.epoch_hash);
        let layer = self.layers.pop_front_if(|layer| (layer.number, layer.hash) == epoch);
        let layer = layer.ok_or(MapError::OtherState)?;
        self.map.settle(&layer.plan, marker);
        Ok(epoch)
    }

    /// Drops the epochs after `number`, for a chain that was reorganized. The map itself does not change.
    pub fn truncate(&mut self, number: u64) {
        while self.layers.pop_back_if(|layer| layer.number > number).is_some() {}
    }
}

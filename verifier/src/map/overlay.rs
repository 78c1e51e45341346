//! Epochs that are not final yet, in memory above the map. The next epoch is planned on the newest of them; proofs are
//! made from the map alone.

use std::collections::VecDeque;

use alloy_primitives::B256;

use super::crowd::crowded;
use super::disk::Map;
use super::error::MapError;
use super::plan::Plan;
use super::seen::Seen;
use crate::history::Head;

/// A map at the last final epoch, and planned epochs above it. Memory: every bucket that these epochs touch, at most
/// [`super::BUCKET_RECORDS`] records for each update. The caller bounds [`Self::waiting`].
pub struct Overlay {
    map: Map,
    /// Oldest first.
    layers: VecDeque<Layer>,
}

/// A planned epoch.
struct Layer {
    number: u64,
    hash: B256,
    /// In strictly ascending order of keys.
    updates: Vec<(B256, Head)>,
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
        self.layers.iter().map(|layer| layer.updates.len() as u64).sum()
    }

    /// The keys' last events after the newest epoch, in the order of the keys, which must be ascending.
    ///
    /// # Errors
    /// As [`Map::heads`].
    pub fn heads(&self, keys: &[B256]) -> Result<Vec<Option<Head>>, MapError> {
        if self.layers.is_empty() {
            return self.map.heads(keys);
        }
        if let Some(at) = keys.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(MapError::Order(at + 1));
        }
        let mut heads = vec![None; keys.len()];
        for layer in self.layers.iter().rev() {
            fill(&mut heads, keys, &layer.updates);
        }
        let older: Vec<usize> = (0..keys.len()).filter(|at| heads[*at].is_none()).collect();
        let older_keys: Vec<B256> = older.iter().map(|at| keys[*at]).collect();
        for (at, head) in older.into_iter().zip(self.map.heads(&older_keys)?) {
            heads[at] = head;
        }
        Ok(heads)
    }

    /// Computes how the next epoch changes the map if these keys' last events become these. The keys must be strictly
    /// ascending. Writes nothing.
    ///
    /// # Errors
    /// As [`Map::plan`].
    pub fn plan(&self, updates: &[(B256, Head)]) -> Result<Plan, MapError> {
        Plan::make(self.tip(), self.map.base(), &self.seen(), updates, &mut None)
    }

    /// As [`Self::plan`], with the trie before that epoch, opened along the updates' keys: the end of the epoch's delta
    /// ([`crate::delta`]). Memory: the trie, beside the plan.
    ///
    /// # Errors
    /// As [`Map::plan`].
    pub fn plan_and_open(&self, updates: &[(B256, Head)]) -> Result<(Plan, Vec<u8>), MapError> {
        let mut trie = Some(Vec::new());
        let plan = Plan::make(self.tip(), self.map.base(), &self.seen(), updates, &mut trie)?;
        Ok((plan, trie.unwrap_or_default()))
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

    /// Adds an epoch. [`Self::plan`] must have made `plan` from these `updates`, with nothing pushed or truncated
    /// since.
    ///
    /// # Errors
    /// [`MapError::OtherState`] if the plan was made on another state, [`MapError::Number`] if the epoch is not the
    /// next.
    pub fn push(&mut self, plan: Plan, updates: Vec<(B256, Head)>, number: u64, hash: B256) -> Result<(), MapError> {
        if plan.epoch != self.tip() {
            return Err(MapError::OtherState);
        }
        let wanted = self.tip().0.saturating_add(1);
        if number != wanted {
            return Err(MapError::Number { wanted, given: number });
        }
        self.layers.push_back(Layer {
            number,
            hash,
            updates,
            plan,
        });
        Ok(())
    }

    /// Commits the oldest epoch to the map, durably. Returns its number and hash; `None` if there is no epoch above the
    /// map.
    ///
    /// # Errors
    /// If the store fails. The map may then be at either epoch: open it again.
    pub fn commit_first(&mut self) -> Result<Option<(u64, B256)>, MapError> {
        let Some(layer) = self.layers.front() else {
            return Ok(None);
        };
        let (number, hash) = (layer.number, layer.hash);
        self.map.advance(&layer.plan, number, hash)?;
        self.layers.pop_front();
        Ok(Some((number, hash)))
    }

    /// Drops the epochs after `number`, for a chain that was reorganized. The map itself does not change.
    pub fn truncate(&mut self, number: u64) {
        while self.layers.pop_back_if(|layer| layer.number > number).is_some() {}
    }
}

/// Fills in the unknown heads whose keys are among the updates. Keys and updates are in order of keys.
fn fill(heads: &mut [Option<Head>], keys: &[B256], updates: &[(B256, Head)]) {
    let mut updates = updates.iter().peekable();
    for (head, key) in heads.iter_mut().zip(keys) {
        while updates.next_if(|(updated, _)| updated < key).is_some() {}
        if head.is_none()
            && let Some((updated, newest)) = updates.peek()
            && updated == key
        {
            *head = Some(*newest);
        }
    }
}

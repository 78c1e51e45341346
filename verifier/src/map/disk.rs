//! The map at the last final epoch.

use std::iter;
use std::path::Path;

use alloy_primitives::B256;

use super::base::Base;
use super::crowd::crowded;
use super::error::MapError;
use super::plan::Plan;
use super::seen::Seen;
use super::store::Marker;
use crate::history::{self, Head, Proof};

/// The history map of one merchant on disk. One process at a time can have it open.
pub struct Map {
    base: Base,
    marker: Marker,
}

impl Map {
    /// Opens the map in that folder, or makes an empty one if there is none. Reads every bucket once: checksums are
    /// tested, and the buckets' roots must join to the root that the last epoch left.
    ///
    /// # Errors
    /// [`MapError::Locked`] if another process has it open, [`MapError::Foreign`] if the folder holds something else,
    /// [`MapError::Damaged`] if the map is not whole.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, MapError> {
        let (base, marker) = Base::open(path.as_ref())?;
        Ok(Self { base, marker })
    }

    /// The epoch that the map is at: its number and hash; 0 and zero before the first.
    #[must_use]
    pub fn epoch(&self) -> (u64, B256) {
        (self.marker.epoch, self.marker.epoch_hash)
    }

    /// The history root after that epoch.
    #[must_use]
    pub fn root(&self) -> B256 {
        self.marker.root
    }

    /// The number of keys that ever had an event.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.marker.keys
    }

    /// Whether no key ever had an event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marker.keys == 0
    }

    /// The key's last event; `None` if it never had one.
    ///
    /// # Errors
    /// If the store cannot be read or is damaged.
    pub fn head(&self, key: &B256) -> Result<Option<Head>, MapError> {
        Ok(self.base.read(&self.base.tree.place(key))?.head(key))
    }

    /// The keys' last events, in the order of the keys, which must be ascending. Each bucket is read once.
    ///
    /// # Errors
    /// [`MapError::Order`] if the keys are not ascending; otherwise as [`Self::head`].
    pub fn heads(&self, keys: &[B256]) -> Result<Vec<Option<Head>>, MapError> {
        if let Some(at) = keys.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(MapError::Order(at + 1));
        }
        let mut heads = Vec::with_capacity(keys.len());
        let mut rest = keys;
        while let Some(first) = rest.first() {
            let place = self.base.tree.place(first);
            let bucket = self.base.read(&place)?;
            let (mine, others) = rest.split_at(rest.partition_point(|key| place.bucket.holds(key)));
            heads.extend(mine.iter().map(|key| bucket.head(key)));
            rest = others;
        }
        Ok(heads)
    }

    /// The proof of the key's presence or absence under [`Self::root`]. It is checked before it is returned.
    ///
    /// # Errors
    /// If the store cannot be read or is damaged.
    pub fn prove(&self, key: &B256) -> Result<Proof, MapError> {
        let path = self.base.tree.path(key);
        let mut proof = match &path.end {
            None => Proof {
                terminal: None,
                siblings: Vec::new(),
            },
            Some(place) => self.base.read(place)?.proof(path.siblings.len(), key),
        };
        proof.siblings.splice(..0, path.siblings);
        if history::climb(key, &proof, &self.root()).is_none() {
            return Err(self.base.store.damaged("a bucket is not what its root says"));
        }
        Ok(proof)
    }

    /// Computes how the map changes if these keys' last events become these. The keys must be strictly ascending.
    /// Writes nothing.
    ///
    /// # Errors
    /// [`MapError::Order`] if the keys are not strictly ascending, [`MapError::Crowded`] if too many share a prefix;
    /// otherwise as [`Self::head`].
    pub fn plan(&self, updates: &[(B256, Head)]) -> Result<Plan, MapError> {
        Plan::make(self.epoch(), &self.base, &Seen::root(iter::empty()), updates, &mut None)
    }

    /// The first of these keys, given in ascending order, each once, whose first 48 bits more than
    /// [`crate::audit::MAX_KEY_IDS`] ids share, in the map and among these keys together: the breach `key_ids`.
    ///
    /// # Errors
    /// As [`Self::head`].
    pub fn crowded(&self, keys: &[B256]) -> Result<Option<B256>, MapError> {
        crowded(&self.base, &Seen::root(iter::empty()), 0, keys)
    }

    /// Applies the plan as the epoch with that number and hash. When this returns, the epoch is on disk; a crash before
    /// that leaves the map at the previous epoch or at this one, whole. Memory: the buckets touched, at most
    /// [`super::BUCKET_RECORDS`] records for each update.
    ///
    /// # Errors
    /// [`MapError::OtherState`] if the map changed since the plan was made, [`MapError::Number`] if the epoch is not
    /// the next. After an error of the store the map may be at either epoch: open it again.
    #[expect(clippy::needless_pass_by_value, reason = "a plan is good for one commit")]
    pub fn commit(&mut self, plan: Plan, epoch: u64, epoch_hash: B256) -> Result<(), MapError> {
        self.advance(&plan, epoch, epoch_hash)
    }

    /// As [`Self::commit`], for a plan that the caller keeps.
    pub(super) fn advance(&mut self, plan: &Plan, epoch: u64, epoch_hash: B256) -> Result<(), MapError> {
        if plan.epoch != self.epoch() {
            return Err(MapError::OtherState);
        }
        if self.marker.epoch.checked_add(1) != Some(epoch) {
            return Err(MapError::Number {
                wanted: self.marker.epoch.saturating_add(1),
                given: epoch,
            });
        }
        let marker = Marker {
            epoch,
            epoch_hash,
            root: plan.root,
            keys: self.marker.keys + plan.added,
        };
        self.base.store.write(plan.change.as_ref(), &marker)?;
        // The epoch is on disk. Nothing from here on can fail, so the tree in memory follows.
        if let Some(change) = &plan.change {
            self.base.tree.apply(change);
        }
        self.marker = marker;
        Ok(())
    }

    /// The buckets and the tree, which plans are made on.
    pub(super) const fn base(&self) -> &Base {
        &self.base
    }
}

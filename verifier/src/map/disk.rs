//! The map at the last final epoch.

use std::iter;
use std::ops::Range;
use std::path::Path;

use alloy_primitives::B256;

use super::base::Base;
use super::crowd::crowded;
use super::error::MapError;
use super::plan::{Followed, Plan, Planner};
use super::seen::Seen;
use super::store::Marker;
use crate::history::{self, Head, Proof};

/// The history map of one merchant on disk. One process at a time can have it open.
pub struct Map {
    base: Base,
    marker: Marker,
}

/// An epoch that is on disk, while the map is still read at the one before.
pub struct Written {
    pub(super) marker: Marker,
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

    /// Follows an epoch with events of these keys, which must be strictly ascending: reads every bucket of theirs once,
    /// and computes how the map changes. `step` gives the last events after the epoch of a range of the keys, in their
    /// order, from those before; of its errors, the first in the order of the keys is returned. It is called for parts
    /// of the map at once, on several threads. Writes nothing.
    ///
    /// # Errors
    /// Those of `step`; [`MapError::Order`] if the keys are not strictly ascending; otherwise as [`Self::head`].
    pub fn follow<E: From<MapError> + Send>(
        &self,
        keys: &[B256],
        step: impl Fn(Range<usize>, &[Option<Head>]) -> Result<Vec<(B256, Head)>, E> + Sync,
    ) -> Result<Followed, E> {
        Planner::new(&self.base, keys, step, false).follow(self.epoch(), &Seen::root(iter::empty()))
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
    /// [`super::BUCKET_RECORDS`] records for each update, and four times as many below a prefix that ids were made up
    /// to share.
    ///
    /// # Errors
    /// [`MapError::OtherState`] if the map changed since the plan was made, [`MapError::Number`] if the epoch is not
    /// the next. After an error of the store the map may be at either epoch: open it again.
    #[expect(clippy::needless_pass_by_value, reason = "a plan is good for one commit")]
    pub fn commit(&mut self, plan: Plan, epoch: u64, epoch_hash: B256) -> Result<(), MapError> {
        let written = self.write(&plan, epoch, epoch_hash)?;
        self.settle(&plan, written.marker);
        Ok(())
    }

    /// Writes an epoch to the disk, durably. What is read of the map stays at the epoch before until [`Self::settle`].
    pub(super) fn write(&self, plan: &Plan, epoch: u64, epoch_hash: B256) -> Result<Written, MapError> {
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
        Ok(Written { marker })
    }

    /// Lets the map be read at the epoch of that plan, which is on disk with that marker. Nothing here can fail.
    pub(super) fn settle(&mut self, plan: &Plan, marker: Marker) {
        self.base.store.settle();
        if let Some(change) = &plan.change {
            self.base.tree.apply(change);
        }
        self.marker = marker;
    }

    /// The buckets and the tree, which plans are made on.
    pub(super) const fn base(&self) -> &Base {
        &self.base
    }
}

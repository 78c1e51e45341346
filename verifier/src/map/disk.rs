//! The map at the last final epoch.

use std::iter;
use std::path::Path;

use alloy_primitives::B256;

use super::base::Base;
use super::error::MapError;
use super::plan::Plan;
use super::seen::Seen;
use super::store::Marker;
use crate::history::{self, Head, Proof};

/// The history map of one merchant, open in this process alone.
pub struct Map {
    base: Base,
    marker: Marker,
}

impl Map {
    /// Opens the map in that folder, or makes an empty one where there is none. Reads every bucket once: their
    /// checksums are tested, their roots must join to the root that the last epoch left.
    ///
    /// # Errors
    /// [`MapError::Locked`] where another process has it open, [`MapError::Foreign`] where the folder is something
    /// else, [`MapError::Damaged`] where it is not whole.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, MapError> {
        let (base, marker) = Base::open(path.as_ref())?;
        Ok(Self { base, marker })
    }

    /// The epoch that the map stands at: its number and hash; 0 and zero before the first.
    #[must_use]
    pub fn epoch(&self) -> (u64, B256) {
        (self.marker.epoch, self.marker.epoch_hash)
    }

    /// The history root after that epoch.
    #[must_use]
    pub fn root(&self) -> B256 {
        self.marker.root
    }

    /// How many keys ever had an event.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.marker.keys
    }

    /// Whether no key ever had an event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marker.keys == 0
    }

    /// The key's last event; `None` where it never had one.
    ///
    /// # Errors
    /// Where the store cannot be read or is damaged.
    pub fn head(&self, key: &B256) -> Result<Option<Head>, MapError> {
        Ok(self.base.read(&self.base.tree.place(key))?.head(key))
    }

    /// The keys' last events, in the order of the keys, which must not fall: each bucket is read once.
    ///
    /// # Errors
    /// [`MapError::Order`] where the keys fall; else as [`Self::head`].
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

    /// The key's proof under [`Self::root`], of presence or absence.
    ///
    /// # Errors
    /// Where the store cannot be read or is damaged: a proof that does not climb is never handed out.
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

    /// What the map becomes when these keys' last events are these, in strictly rising order of keys. Writes nothing.
    ///
    /// # Errors
    /// [`MapError::Order`] where the keys do not rise; else as [`Self::head`].
    pub fn plan(&self, updates: &[(B256, Head)]) -> Result<Plan, MapError> {
        Plan::make(self.epoch(), &self.base, &Seen::root(iter::empty()), updates)
    }

    /// Makes the plan true, as the epoch of that number and hash. When this returns it is on disk; a kill before that
    /// leaves the epoch before or this one, whole. Memory: the touched buckets, at most [`super::BUCKET_RECORDS`] records an
    /// update.
    ///
    /// # Errors
    /// [`MapError::OtherState`] where the map moved on since the plan was made, [`MapError::Number`] where the epoch
    /// is not the next. After an error of the store the map may be at either epoch: open it again.
    #[expect(clippy::needless_pass_by_value, reason = "a plan is good for one commit")]
    pub fn commit(&mut self, plan: Plan, epoch: u64, epoch_hash: B256) -> Result<(), MapError> {
        self.advance(&plan, epoch, epoch_hash)
    }

    /// As [`Self::commit`], which says what it does.
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
        // On disk: the memory must follow, and from here nothing can fail.
        if let Some(change) = &plan.change {
            self.base.tree.apply(change);
        }
        self.marker = marker;
        Ok(())
    }

    /// What plans are made on.
    pub(super) const fn base(&self) -> &Base {
        &self.base
    }
}

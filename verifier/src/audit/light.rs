//! The light audit of one epoch: the steps of the full one, with the epoch's delta in the place of the history map.

use alloy_primitives::B256;

use super::{Breach, advance, check_history_root, check_key_ids, key_ids_in, read_epoch};
use crate::delta::{Delta, DeltaError};
use crate::epoch::Header;
use crate::event::{HashedEvent, RawEvent};

/// An epoch whose data was read and matches its header; its delta comes next. Memory: the epoch's events.
#[derive(Clone, Debug)]
pub struct LightEpoch {
    header: Header,
    events: Vec<HashedEvent>,
    keys: Vec<B256>,
}

/// Why a light audit does not get past an epoch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFollowed {
    /// The merchant broke a rule.
    #[error(transparent)]
    Breach(#[from] Breach),
    /// The delta cannot be used, so that nothing can be told of this epoch: `delta_unusable`.
    #[error("delta_unusable: {0}")]
    Delta(#[from] DeltaError),
}

impl LightEpoch {
    /// Reads an epoch's data, whose hash the caller has compared with the header's.
    ///
    /// # Errors
    /// A [`Breach`] of `key_ids`, counted in this epoch by itself, or one that [`read_epoch`] finds.
    pub fn read(header: &Header, data: &[u8], threads: usize) -> Result<Self, Breach> {
        let keys = key_ids_in(data);
        check_key_ids(header.number, &keys)?;
        let events = read_epoch(header, data, threads)?;
        Ok(Self {
            header: *header,
            events,
            keys,
        })
    }

    /// Its events of that key, in order.
    pub fn events_of(&self, key: &B256) -> impl Iterator<Item = &RawEvent> {
        let first = self.events.partition_point(|hashed| hashed.event.key_id < *key);
        let rest = self.events.get(first..).unwrap_or_default();
        let events = rest.iter().map(|hashed| &hashed.event);
        events.take_while(move |event| event.key_id == *key)
    }

    /// The number of its events.
    #[must_use]
    pub const fn events(&self) -> usize {
        self.events.len()
    }

    /// The number of keys with an event in it, which bounds its delta.
    #[must_use]
    pub const fn keys(&self) -> usize {
        self.keys.len()
    }

    /// The newest event of a key before the epoch, by the delta: its version, and when it happened, Unix milliseconds.
    /// `None` if there is none, or the delta cannot be used.
    #[must_use]
    pub fn newest_before(&self, root_before: &B256, delta: &[u8], key: &B256) -> Option<(u32, u64)> {
        let delta = Delta::read(delta, &self.keys, root_before).ok()?;
        let index = self.keys.binary_search(key).ok()?;
        let newest = delta.newest().get(index).copied().flatten()?;
        Some((newest.version, newest.at_ms))
    }

    /// Follows the epoch from `root_before`, the history root of the epoch before, to its own. `anchored_at_s` is the
    /// time of its block, Unix seconds.
    ///
    /// # Errors
    /// [`NotFollowed`].
    pub fn follow(&self, root_before: &B256, delta: &[u8], anchored_at_s: u64) -> Result<(), NotFollowed> {
        let delta = Delta::read(delta, &self.keys, root_before)?;
        let updates = advance(&self.events, &delta.newest(), self.header.number, anchored_at_s)?;
        let root = delta.root_after(&updates)?;
        Ok(check_history_root(&self.header, &root)?)
    }
}

//! Traces a key back through the epochs, from its last event to its first, along the links of the proofs files.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use shelfproof_verifier::bundle::Included;
use shelfproof_verifier::epoch::ListedHeader;
use shelfproof_verifier::history::Head;

use super::data::DataFile;
use super::epoch_file::EpochFile;
use super::error::HistoryError;
use super::folder::Folder;
use super::proofs::ProofsFile;

/// The most events of a key that one answer proves: each in a full epoch of its own, they take some 850 kB of the 1 MiB
/// that a bundle may have. A longer history comes in parts, and each answer costs as much as any other.
const MAX_SHOWN: u32 = 400;

/// Where the newest event to be shown is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) version: u32,
    pub(super) hash: B256,
    pub(super) epoch: u64,
}

impl From<&Head> for Place {
    fn from(head: &Head) -> Self {
        Self {
            version: head.version,
            hash: head.hash,
            epoch: head.epoch,
        }
    }
}

/// A key's events, and the headers of their epochs by number.
pub(super) struct Trace {
    /// Oldest first.
    pub(super) events: Vec<Included>,
    pub(super) epochs: BTreeMap<u64, ListedHeader>,
}

/// Where the event before that version is, which is in that epoch.
pub(super) fn place_before(folder: &Folder, key: &B256, version: u32, number: u64) -> Result<Place, HistoryError> {
    let mut epoch = Epoch::open(folder, number)?;
    let no_such = || HistoryError::NoSuchEvent {
        key: *key,
        version,
        epoch: number,
    };
    let (index, event) = epoch.data.look_up(key, version)?.ok_or_else(no_such)?;
    let before = version
        .checked_sub(1)
        .filter(|before| *before > 0)
        .ok_or_else(no_such)?;
    Ok(Place {
        version: before,
        hash: event.prev,
        epoch: epoch.proofs.link(index)?,
    })
}

/// Traces back from that place, for at most [`MAX_SHOWN`] events. Each has the hash that the next one names, and a path
/// to its epoch's root.
pub(super) fn trace_back(folder: &Folder, key: &B256, newest: Option<Place>) -> Result<Trace, HistoryError> {
    let mut trace = Trace {
        events: Vec::new(),
        epochs: BTreeMap::new(),
    };
    let Some(newest) = newest else { return Ok(trace) };
    let first = newest.version.saturating_sub(MAX_SHOWN - 1).max(1);
    let mut epoch = Epoch::open(folder, newest.epoch)?;
    let (mut hash, mut number) = (newest.hash, newest.epoch);
    for version in (first..=newest.version).rev() {
        if epoch.number() != number {
            epoch = Epoch::open(folder, number)?;
        }
        trace.epochs.insert(number, epoch.listed());
        let (included, link) = epoch.event(key, version, &hash)?;
        let is_first = version == 1;
        if is_first != (link == 0) || link > number || is_first != (included.event.prev == B256::ZERO) {
            return Err(epoch
                .proofs
                .damaged(format!("the link of version {version} of key {key} leads nowhere")));
        }
        (hash, number) = (included.event.prev, link);
        trace.events.push(included);
    }
    trace.events.reverse();
    Ok(trace)
}

/// The data file and the proofs file of an epoch.
struct Epoch {
    data: DataFile,
    proofs: ProofsFile,
}

impl Epoch {
    fn open(folder: &Folder, number: u64) -> Result<Self, HistoryError> {
        let proofs = folder.proofs(number)?;
        let data = DataFile::open(
            &folder.data.path(EpochFile::Events(number)),
            proofs.facts().header.event_count,
        )?;
        Ok(Self { data, proofs })
    }

    fn number(&self) -> u64 {
        self.proofs.facts().header.number
    }

    fn listed(&self) -> ListedHeader {
        self.proofs.facts().listed()
    }

    /// An event with its path, and the epoch of the key's previous version.
    fn event(&mut self, key: &B256, version: u32, hash: &B256) -> Result<(Included, u64), HistoryError> {
        let (index, event) = self.data.find(key, version, hash)?;
        let included = Included {
            event,
            opening: None,
            epoch: self.number(),
            path: self.proofs.path(hash)?,
        };
        Ok((included, self.proofs.link(index)?))
    }
}

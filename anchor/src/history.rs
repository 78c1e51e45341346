//! The history folder: published data, history map and proofs. From a list of events to the proof of a key's history.
//!
//! An epoch is computed from its events on top of the newest one, published, and pushed in memory; once its block is
//! final it is finalised: its proofs file is written, its header is published, then the history map advances. Proofs are made from final epochs
//! alone. All of it follows from the chain and the published data, so a mirror keeps the same folder as the merchant.
//!
//! There is no database and no chain here. Every function blocks: asynchronous code calls them on a thread that may.
//! One process at a time has a folder open, and one task in it writes.

mod compute;
mod data;
mod durable;
mod epoch_file;
mod error;
mod file;
mod folder;
mod newest;
mod proofs;
mod published;
mod trace;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use alloy_primitives::B256;
use shelfproof_verifier::bundle::HistoryAt;
use shelfproof_verifier::epoch::Header;
use shelfproof_verifier::event::{KeyEvent, RawEvent};
use shelfproof_verifier::history;
use shelfproof_verifier::map::Overlay;
use shelfproof_verifier::tree::EventsTree;

/// A key's history with its proofs, as a prover hands it out.
pub use shelfproof_verifier::bundle::KeyHistory as Proven;

pub use compute::ComputedEpoch;
pub(crate) use compute::threads;
pub use epoch_file::EpochFile;
pub use error::HistoryError;

use folder::Folder;
use proofs::Facts;
use trace::Place;

/// The block time of an epoch that is in no block yet: no event is too late for it.
const NO_BLOCK_YET_S: u64 = u64::MAX;

/// One merchant's history folder, open in this process alone.
pub struct History {
    folder: Folder,
    merchant_id: B256,
    state: RwLock<State>,
}

struct State {
    /// The map at the last final epoch, with a layer for each epoch above it.
    overlay: Overlay,
    /// What the proofs files of those epochs are made from, oldest first: one for each layer of the overlay.
    waiting: VecDeque<Arc<Waiting>>,
}

/// An epoch above the last final one.
struct Waiting {
    header: Header,
    tree: EventsTree,
    links: Vec<u64>,
}

impl History {
    /// Opens the history of that merchant in that folder; creates an empty one where there is none.
    ///
    /// # Errors
    /// [`HistoryError::Map`] where another process has it open, [`HistoryError::OtherMerchant`],
    /// [`HistoryError::Damaged`], [`HistoryError::Io`].
    pub fn open(folder: &Path, merchant_id: B256) -> Result<Self, HistoryError> {
        let folder = Folder::make(folder, merchant_id)?;
        let overlay = Overlay::new(folder.open_map()?);
        Ok(Self {
            folder,
            merchant_id,
            state: RwLock::new(State {
                overlay,
                waiting: VecDeque::new(),
            }),
        })
    }

    /// Removes map and proofs, which follow from the published data, from that folder. The published data stays.
    ///
    /// # Errors
    /// [`HistoryError::Map`] where another process has it open, [`HistoryError::Io`].
    pub fn clear(folder: &Path) -> Result<(), HistoryError> {
        folder::clear(folder)
    }

    /// Number and hash of the last final epoch; 0 and zero before the first.
    #[must_use]
    pub fn final_epoch(&self) -> (u64, B256) {
        self.read().overlay.map().epoch()
    }

    /// Number and hash of the newest epoch, final or not; 0 and zero before the first.
    #[must_use]
    pub fn tip(&self) -> (u64, B256) {
        self.read().overlay.tip()
    }

    /// The number of epochs above the last final one, and the number of key updates in them, each of which takes about
    /// 1.5 kB of memory.
    #[must_use]
    pub fn waiting(&self) -> (usize, u64) {
        let state = self.read();
        (state.overlay.layers(), state.overlay.waiting())
    }

    /// Computes the next epoch on top of [`Self::tip`]. `events` rise strictly by (key id, version). Each is checked
    /// against its key's head exactly as an auditor does, so that nothing is anchored that an auditor would refuse;
    /// except for a time over ten minutes after the block, which is not known yet. The epochs below must be published:
    /// the delta is made from them. Writes nothing; takes seconds of all processors for a large epoch.
    ///
    /// # Errors
    /// [`HistoryError::Breach`] where the events are not legal; where the map or the published data cannot be read.
    pub fn compute_epoch(&self, events: &[KeyEvent]) -> Result<ComputedEpoch, HistoryError> {
        let events: Vec<RawEvent> = events.iter().map(|event| (*event).into()).collect();
        self.compute_epoch_in_block(&events, NO_BLOCK_YET_S)
    }

    /// As [`Self::compute_epoch`], of an epoch whose block has that time (Unix seconds), of events as published data
    /// holds them.
    ///
    /// # Errors
    /// As [`Self::compute_epoch`].
    pub fn compute_epoch_in_block(
        &self,
        events: &[RawEvent],
        anchored_at_s: u64,
    ) -> Result<ComputedEpoch, HistoryError> {
        let state = self.read();
        compute::compute_epoch(
            &state.overlay,
            &self.folder.data,
            &self.merchant_id,
            events,
            anchored_at_s,
        )
    }

    /// Publishes the epoch's data and delta. Must be called before its hash is stored anywhere; see
    /// [`published::Published::write`].
    ///
    /// # Errors
    /// [`HistoryError::Io`].
    pub fn publish(&self, computed: &ComputedEpoch) -> Result<(), HistoryError> {
        self.folder
            .data
            .write(computed.header.number, &computed.data, &computed.delta)
    }

    /// Makes the epoch the tip, in memory only.
    ///
    /// # Errors
    /// [`HistoryError::Map`] where something was pushed or truncated since it was computed.
    pub fn push(&self, computed: ComputedEpoch) -> Result<(), HistoryError> {
        let ComputedEpoch {
            header,
            hash,
            tree,
            links,
            plan,
            ..
        } = computed;
        let mut state = self.write();
        state.overlay.push(plan, header.number, hash)?;
        state.waiting.push_back(Arc::new(Waiting { header, tree, links }));
        Ok(())
    }

    /// The data of an epoch that was published, which must have that hash.
    ///
    /// # Errors
    /// [`HistoryError::Missing`], [`HistoryError::Differs`], [`HistoryError::Io`].
    pub fn read_data(&self, number: u64, data_hash: &B256) -> Result<Vec<u8>, HistoryError> {
        self.folder.data.read(number, data_hash)
    }

    /// The path of a published file, whether it exists or not.
    #[must_use]
    pub fn published_path(&self, file: EpochFile) -> PathBuf {
        self.folder.data.path(file)
    }

    /// Takes the oldest epoch that is not final into the map: it is final, in that block of that time (Unix seconds).
    /// Writes its proofs file first, then publishes its header; a crash before the map advances leaves files that the
    /// next call writes again. Meanwhile proofs are made from the epoch before: they do not wait for the disk.
    ///
    /// # Errors
    /// [`HistoryError::NotWaiting`] where it is not the oldest; where something cannot be written. After
    /// [`HistoryError::Lost`] the history must be opened again.
    pub fn finalise(&self, number: u64, block: u64, anchored_at_s: u64) -> Result<(), HistoryError> {
        let oldest = self.read().waiting.front().cloned();
        let Some(epoch) = oldest.filter(|epoch| epoch.header.number == number) else {
            return Err(HistoryError::NotWaiting(number));
        };
        let facts = Facts {
            merchant_id: self.merchant_id,
            header: epoch.header,
            block,
            anchored_at_s,
        };
        proofs::write(&self.folder.proofs_path(number), facts, &epoch.links, &epoch.tree)?;
        self.folder.data.write_header(&facts.listed())?;
        let written = {
            let state = self.read();
            if !state.waiting.front().is_some_and(|oldest| Arc::ptr_eq(oldest, &epoch)) {
                return Err(HistoryError::NotWaiting(number));
            }
            state.overlay.write_first().map_err(HistoryError::Lost)?
        };
        let mut state = self.write();
        if let Some(written) = written {
            state.overlay.settle_first(written).map_err(HistoryError::Lost)?;
            state.waiting.pop_front();
        }
        Ok(())
    }

    /// Forgets the epochs above `number` that are not final.
    pub fn truncate(&self, number: u64) {
        let mut state = self.write();
        state.overlay.truncate(number);
        let layers = state.overlay.layers();
        state.waiting.truncate(layers);
    }

    /// A key's newest events up to the last final epoch, at most 400, with their proofs; for a key without events, the
    /// proof that it has none. Where the first of them is not version 1, [`Self::prove_before`] goes on.
    ///
    /// # Errors
    /// [`HistoryError::NothingFinal`] before the first final epoch; where a file cannot be read or is damaged, for what
    /// does not climb is never handed out.
    pub fn prove(&self, key: &B256) -> Result<Proven, HistoryError> {
        self.prove_from(key, |head, _| Ok(head))
    }

    /// As [`Self::prove`], of the events before that version, which is in that epoch: the next older part of a history
    /// that does not fit into one.
    ///
    /// # Errors
    /// As [`Self::prove`]; [`HistoryError::NoSuchEvent`] where that epoch is not final or has no such event, and for
    /// version 1, before which there is nothing.
    pub fn prove_before(&self, key: &B256, version: u32, epoch: u64) -> Result<Proven, HistoryError> {
        self.prove_from(key, |_, newest| {
            if !(1..=newest).contains(&epoch) {
                return Err(HistoryError::NoSuchEvent {
                    key: *key,
                    version,
                    epoch,
                });
            }
            trace::place_before(&self.folder, key, version, epoch).map(Some)
        })
    }

    /// A part of a key's history: from the place that `start` gives for the key's head and the last final epoch.
    fn prove_from(
        &self,
        key: &B256,
        start: impl FnOnce(Option<Place>, u64) -> Result<Option<Place>, HistoryError>,
    ) -> Result<Proven, HistoryError> {
        let state = self.read();
        let map = state.overlay.map();
        let ((number, _), root) = (map.epoch(), map.root());
        if number == 0 {
            return Err(HistoryError::NothingFinal);
        }
        let (head, proof) = (map.head(key)?, map.prove(key)?);
        // The files of final epochs never change: the map may advance meanwhile.
        drop(state);
        let newest = self.folder.proofs(number)?;
        let expected = head.map_or(history::Proven::Absent, |head| history::Proven::Present {
            value_hash: head.value_hash(),
        });
        if newest.facts().header.history_root != root || history::climb(key, &proof, &root) != Some(expected) {
            return Err(newest.damaged(format!("the history map's proof of key {key} is not for this epoch")));
        }
        let start = start(head.as_ref().map(Place::from), number)?;
        let mut trace = trace::trace_back(&self.folder, key, start)?;
        trace.epochs.insert(number, newest.facts().listed());
        Ok(Proven {
            key_id: *key,
            events: trace.events,
            history: HistoryAt { epoch: number, proof },
            epochs: trace.epochs.into_values().collect(),
        })
    }

    // Under the lock only a lack of threads or memory can panic, and neither leaves a layer without its commit.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

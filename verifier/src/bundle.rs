//! Protocol §5: the proof bundle, all that a verifier needs beside the code and the chain.

use std::collections::BTreeSet;

use alloy_primitives::B256;

use crate::chain::{Identity, Needs};
use crate::epoch::Header;
use crate::event::{KeyEvent, Opening};
use crate::history;
use crate::receipt::Promise;
use crate::vrf;

mod key_history;
mod read;
mod write;

pub use key_history::KeyHistory;

/// The format's name.
pub const FORMAT: &str = "shelfproof-proof-v1";

/// The largest file.
pub const MAX_BYTES: usize = 1 << 20;

/// A proof bundle, well formed. Nothing in it is true before [`crate::verdict::check`] says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Whose key.
    pub identity: Identity,
    /// Which key.
    pub key_id: B256,
    /// That the key id is the typed code's.
    pub vrf_proof: vrf::Proof,
    /// All that happened to the key, oldest first.
    pub events: Vec<Included>,
    /// That nothing else did.
    pub history: HistoryAt,
    /// Headers of the epochs named above, each once.
    pub epochs: Vec<ListedHeader>,
    /// Receipts that the buyer holds.
    pub receipts: Vec<Promise>,
}

/// An event and its place in an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// The event.
    pub event: KeyEvent,
    /// Its body, unless it is withheld.
    pub opening: Option<Opening>,
    /// The epoch's number.
    pub epoch: u64,
    /// From the event to the epoch's `eventsRoot`.
    pub path: Vec<B256>,
}

/// A history proof and its epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryAt {
    /// The epoch's number.
    pub epoch: u64,
    /// The proof, against the epoch's `historyRoot`.
    pub proof: history::Proof,
}

/// A header as a bundle lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedHeader {
    /// The header.
    pub header: Header,
    /// A hint where its log is; not to be believed.
    pub block: Option<u64>,
}

impl Bundle {
    /// A listed header by its epoch's number.
    #[must_use]
    pub fn header(&self, number: u64) -> Option<&Header> {
        self.epochs
            .iter()
            .map(|listed| &listed.header)
            .find(|header| header.number == number)
    }

    /// What the checks will ask of the chain: the epochs listed, the one after the history's (it says since when the
    /// history is superseded), and who signed the receipts.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let mut epochs: BTreeSet<u64> = self.epochs.iter().map(|listed| listed.header.number).collect();
        epochs.insert(self.history.epoch.saturating_add(1));
        let signers = self
            .receipts
            .iter()
            .filter_map(|promise| promise.signer(&self.identity))
            .collect();
        Needs { epochs, signers }
    }
}

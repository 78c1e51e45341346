//! Protocol §5: the proof bundle. With the code and a view of the chain, it is all that a verifier needs.
//!
//! [`Bundle`] is the merchant's file; [`KeyHistory`] is the part of it that anybody can make from public data. `read`
//! and `write` hold the two directions of the fields that both files have; `join` joins the parts of a long history.

use std::collections::BTreeSet;

use alloy_primitives::B256;

use crate::chain::{Identity, Needs};
use crate::epoch::{Header, ListedHeader};
use crate::event::{KeyEvent, Opening};
use crate::history;
use crate::receipt::Promise;
use crate::vrf;

mod join;
mod key_history;
mod read;
mod write;

pub use join::{MAX_PARTS, Part};
pub use key_history::KeyHistory;

/// The format's name.
pub const FORMAT: &str = "shelfproof-proof-v1";

/// The largest file.
pub const MAX_BYTES: usize = 1 << 20;

/// A well-formed proof bundle. Nothing in it is verified until [`crate::verdict::check`] accepts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The merchant.
    pub identity: Identity,
    /// The key.
    pub key_id: B256,
    /// The proof that the key id belongs to the code.
    pub vrf_proof: vrf::Proof,
    /// The key's events, oldest first.
    pub events: Vec<Included>,
    /// The proof that the key has no other events.
    pub history: HistoryAt,
    /// The headers of all epochs that `events` and `history` name, each once.
    pub epochs: Vec<ListedHeader>,
    /// The buyer's receipts.
    pub receipts: Vec<Promise>,
}

/// An event and its place in an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// The event.
    pub event: KeyEvent,
    /// Its body; `None` if it is withheld.
    pub opening: Option<Opening>,
    /// The epoch's number.
    pub epoch: u64,
    /// The siblings from the event up to the epoch's `eventsRoot`.
    pub path: Vec<B256>,
}

/// A history proof, and the epoch that it is made against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryAt {
    /// The epoch's number.
    pub epoch: u64,
    /// The proof, against the epoch's `historyRoot`.
    pub proof: history::Proof,
}

impl Bundle {
    /// The listed header of that epoch.
    #[must_use]
    pub fn header(&self, number: u64) -> Option<&Header> {
        self.epochs
            .iter()
            .map(|listed| &listed.header)
            .find(|header| header.number == number)
    }

    /// Block numbers by epoch number, for the epochs that come with one: where the file says that their logs are.
    #[must_use]
    pub fn block_hints(&self) -> Vec<(u64, u64)> {
        let hint = |listed: &ListedHeader| Some((listed.header.number, listed.block?));
        self.epochs.iter().filter_map(hint).collect()
    }

    /// What the checks need of the chain: the listed epochs, the epoch after the history's (its time is when the
    /// history was superseded), and the receipts' signers.
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

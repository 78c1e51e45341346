//! What a verdict that holds says.

use alloy_primitives::{Address, B256};

use crate::event::{KeyEvent, Kind, Opening};
use crate::receipt::Status;

/// A verdict that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holds {
    /// The last event's kind; `None` for a key that never had an event.
    pub state: Option<Kind>,
    /// The key's events, oldest first.
    pub events: Vec<VerifiedEvent>,
    /// How fresh the history is.
    pub freshness: Freshness,
    /// What became of each receipt, in the bundle's order.
    pub receipts: Vec<ReceiptOutcome>,
    /// Whether the sale was proved to be the buyer's. If `false`, this was not checked.
    pub yours: bool,
    /// Whether the redemption's body has the secret of the sale's buyer.
    pub redeemed_by_buyer: bool,
}

/// An event that an epoch includes, and when that epoch was anchored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedEvent {
    /// The event.
    pub event: KeyEvent,
    /// Its body; `None` if it is withheld.
    pub opening: Option<Opening>,
    /// Its epoch's number.
    pub epoch: u64,
    /// Time of the epoch's block, Unix seconds.
    pub anchored_at_s: u64,
    /// Number of the epoch's block, if it is known.
    pub block: Option<u64>,
}

/// How fresh a history is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The number of the epoch that the history proof is made against.
    pub epoch: u64,
    /// That epoch's hash.
    pub epoch_hash: B256,
    /// Time of that epoch's block, Unix seconds.
    pub anchored_at_s: u64,
    /// Time of the next epoch's block, Unix seconds; `None` if the history's epoch is the latest.
    pub superseded_at_s: Option<u64>,
    /// Number of the latest final epoch.
    pub latest: u64,
    /// Time of the newest final block, Unix seconds.
    pub as_of_s: u64,
}

/// What became of one receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptOutcome {
    /// Whether the promise was kept.
    pub status: Status,
    /// The receipt key that signed it.
    pub signer: Address,
    /// Its deadline, Unix seconds.
    pub anchor_by_s: u64,
}

impl Holds {
    /// The verdict as the protocol writes it: `holds` and the state, or `holds absent`.
    #[must_use]
    pub fn verdict(&self) -> String {
        format!("holds {}", self.state.map_or("absent", Kind::name))
    }
}

//! What a verdict that holds rests on.

use alloy_primitives::{Address, B256};

use crate::event::{KeyEvent, Kind, Opening};
use crate::receipt::Status;

/// A verdict that holds, and all that it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holds {
    /// The last event's kind; `None` is a key that never had an event.
    pub state: Option<Kind>,
    /// What happened, oldest first.
    pub events: Vec<VerifiedEvent>,
    /// How fresh the history is.
    pub freshness: Freshness,
    /// What became of each receipt, in the bundle's order.
    pub receipts: Vec<ReceiptOutcome>,
    /// Whether the sale was shown to be the buyer's; `false` says nothing of whose it is.
    pub yours: bool,
    /// Whether the redemption was made with the buyer's secret.
    pub redeemed_by_buyer: bool,
}

/// An event, and since when it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedEvent {
    /// The event.
    pub event: KeyEvent,
    /// Its body, unless it is withheld.
    pub opening: Option<Opening>,
    /// Its epoch.
    pub epoch: u64,
    /// Time of the epoch's block, Unix seconds.
    pub anchored_at_s: u64,
    /// The epoch's block, where it is known.
    pub block: Option<u64>,
}

/// How fresh a history is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The epoch that it is the history of.
    pub epoch: u64,
    /// That epoch's hash.
    pub epoch_hash: B256,
    /// Time of that epoch's block, Unix seconds.
    pub anchored_at_s: u64,
    /// When the next epoch came, Unix seconds; `None`: it is the latest.
    pub superseded_at_s: Option<u64>,
    /// The latest final epoch.
    pub latest: u64,
    /// Time of the newest final block, Unix seconds.
    pub as_of_s: u64,
}

/// What became of one receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptOutcome {
    /// Met, late or pending.
    pub status: Status,
    /// Who signed it.
    pub signer: Address,
    /// Its deadline, Unix seconds.
    pub anchor_by_s: u64,
}

impl Holds {
    /// The verdict as the protocol writes it: `holds sold`, `holds absent` …
    #[must_use]
    pub fn verdict(&self) -> String {
        format!("holds {}", self.state.map_or("absent", Kind::name))
    }
}

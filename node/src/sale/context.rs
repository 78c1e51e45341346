//! The settings and shared state that all batches of a node use.

use std::sync::Arc;

use super::job::Clock;
use super::read_ahead::ReadAhead;
use super::trouble::Troubles;
use crate::domain::sale::PendingCaps;
use crate::fence::FenceState;
use crate::journal::Journal;
use crate::vault::Vault;

/// Everything that a batch needs apart from its connection and its intents.
#[derive(Clone, Debug)]
pub(super) struct BatchContext {
    pub(super) vault: Arc<Vault>,
    pub(super) troubles: Arc<Troubles>,
    pub(super) read_ahead: Arc<ReadAhead>,
    /// Where the signed root of each batch is written before its replies are sent.
    pub(super) journal: Option<Arc<Journal>>,
    /// A receipt promises that its sale is anchored within this time.
    pub(super) anchor_within_s: u64,
    /// The most keys that a batch sells.
    pub(super) keys_max: u32,
    /// How much can wait for payment at once, and for how long.
    pub(super) caps: PendingCaps,
    pub(super) pay_within_ms: u64,
    pub(super) now_ms: Clock,
    pub(super) fence: Arc<FenceState>,
}

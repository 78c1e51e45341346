//! What every batch of a node is made with.

use std::sync::Arc;

use super::job::Clock;
use super::trouble::Troubles;
use crate::vault::Vault;

/// What a batch is made with.
#[derive(Clone, Debug)]
pub(super) struct BatchContext {
    pub(super) vault: Arc<Vault>,
    pub(super) troubles: Arc<Troubles>,
    pub(super) anchor_within_s: u64,
    /// Keys that a batch sells at most.
    pub(super) keys_max: u32,
    pub(super) now_ms: Clock,
}

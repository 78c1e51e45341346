//! What sequencer and submitter tell each other while both run. It is in memory only: after a start both learn it from
//! the database and the chain.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

#[derive(Debug, Default)]
pub struct Signals {
    /// The newest epoch of the chain's newest block, as long as the database holds the same one; `None` before the
    /// chain was read, and where it holds something else.
    on_chain: Mutex<Option<u64>>,
    pub intent_stored: Notify,
    pub outcome_stored: Notify,
}

impl Signals {
    /// The newest epoch that database and chain agree on. Without one nothing may be cut: the database may be an old
    /// one, and the epochs that it would cut would be others than those that the chain holds.
    #[must_use]
    pub fn on_chain(&self) -> Option<u64> {
        *self.on_chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn saw(&self, epoch: u64) {
        self.set(Some(epoch));
    }

    pub(super) fn refuse(&self) {
        self.set(None);
    }

    fn set(&self, epoch: Option<u64>) {
        *self.on_chain.lock().unwrap_or_else(PoisonError::into_inner) = epoch;
    }
}

//! What an epoch waits for before its transaction is signed: the chain's time, and that everybody can read it.

use super::Submitter;
use super::error::{MAX_BEHIND_S, SubmitError};
use crate::tx::TxError;

impl Submitter {
    /// An epoch waits until the chain's time has nearly come to that of its newest event: a chain whose blocks or whose
    /// node lag, or a shop whose clock is ahead, would make honest events read as `clock`. And it waits until its data
    /// and delta are read back from where the public reads them.
    pub(super) async fn check_ready(&mut self, epoch: u64) -> Result<(), SubmitError> {
        let Some(roots) = self.sender.log().roots_of(epoch).await.map_err(TxError::from)? else {
            return Ok(());
        };
        let block = self.source.newest_block().await.map_err(TxError::from)?;
        match behind_s(block.time_s, roots.newest_at_ms) {
            0..=MAX_BEHIND_S => self.read_back.check(&self.source, &roots).await,
            behind_s => Err(SubmitError::ChainBehind { epoch, behind_s }),
        }
    }
}

/// How far a block of that time is behind an event's, in seconds that were begun.
const fn behind_s(block_s: u64, event_ms: u64) -> u64 {
    event_ms.saturating_sub(block_s.saturating_mul(1_000)).div_ceil(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_may_be_five_minutes_behind_the_newest_event_and_not_a_millisecond_more() {
        assert_eq!(behind_s(1_000, 1_300_000), MAX_BEHIND_S);
        assert_eq!(behind_s(1_000, 1_300_001), MAX_BEHIND_S + 1);
        assert_eq!(behind_s(1_000, 900_000), 0, "a later block");
        assert_eq!(behind_s(u64::MAX, u64::MAX), 0);
    }
}

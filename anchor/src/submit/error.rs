use alloy_primitives::B256;

use crate::history::HistoryError;
use crate::status::Condition;
use crate::tx::TxError;

/// The furthest that the newest block may be behind an epoch's newest event (protocol, section 7), seconds. An event may
/// be ten minutes later than the block that anchors it, and that block may be any after the newest.
pub(super) const MAX_BEHIND_S: u64 = 300;

/// Why a round of the submitter ended early. Whatever was stored stays, and the next round goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    #[error(transparent)]
    Tx(#[from] TxError),
    /// The chain holds an epoch that this database did not bring there.
    #[error(
        "the chain holds epoch {chain}, which the database lacks or has with another hash: the database comes from an \
         old backup, or another database's anchor works for this merchant. Restore the newest backup with all archived \
         write-ahead logs; until then nothing is cut"
    )]
    RefusedParent {
        /// The newest epoch on the chain.
        chain: u64,
    },
    /// Anchored now, honest events would read as later than their block.
    #[error(
        "epoch {epoch} waits: the chain's newest block is {behind_s} s older than the epoch's newest event, and at \
         most {MAX_BEHIND_S} s are allowed, so that no event reads as later than its block. See whether the node at \
         chain.rpc lags, and whether the clocks of the database and of the programs that sell are right (NTP)"
    )]
    ChainBehind { epoch: u64, behind_s: u64 },
    /// What is to be anchored is not where the public reads it.
    #[error(
        "epoch {epoch} waits: {place} does not serve what is to be anchored: {answered}. Publish the folder `data` of \
         anchor.folder there; where others reach that address and only this machine does not, set anchor.read_back_url"
    )]
    NotPublished {
        epoch: u64,
        place: String,
        /// What was read there, in words.
        answered: String,
    },
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("a thread of this process failed: {0}")]
    Thread(#[from] tokio::task::JoinError),
    #[error(
        "the chain has not taken epoch {epoch} in {attempts} attempts, and another follows after a pause; the last \
         transaction is {last}: look it up in an explorer, and let nothing else send from this account"
    )]
    Retrying { epoch: u64, attempts: usize, last: B256 },
}

impl SubmitError {
    #[must_use]
    pub const fn condition(&self) -> Condition {
        match self {
            Self::Tx(error) => error.condition(),
            Self::RefusedParent { .. } => Condition::RefusedParent,
            Self::ChainBehind { .. } => Condition::ChainBehind,
            Self::NotPublished { .. } => Condition::NotPublished,
            Self::History(_) | Self::Thread(_) => Condition::Storage,
            Self::Retrying { .. } => Condition::RpcRefused,
        }
    }
}

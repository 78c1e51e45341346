use alloy_primitives::B256;

use crate::status::Condition;
use crate::tx::TxError;

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
            Self::Retrying { .. } => Condition::RpcRefused,
        }
    }
}

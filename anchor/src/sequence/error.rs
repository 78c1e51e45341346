//! What keeps a sequence from going on.

use shelfproof_verifier::epoch::DataError;

use crate::fence::Fence;
use crate::history::HistoryError;
use crate::status::Condition;
use crate::step::BrokenOff;
use crate::store::StoreError;
use crate::tx::TxError;

/// Why a round ended early. Whatever was written stays, and the next round goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum SequenceError {
    /// The database.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// The database's server counts transactions from an earlier number than it once did.
    #[error("{0}")]
    Counter(Fence),
    /// The chain.
    #[error(transparent)]
    Tx(#[from] TxError),
    /// The history's folder, or a history that breaks the protocol.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The database's events are in no form that an epoch can have.
    #[error(
        "the events of epoch {number}: {cause}; restore the database from a backup, and run `shelfproof admin check`"
    )]
    Events {
        /// The epoch.
        number: u64,
        /// What is wrong.
        cause: DataError,
    },
    /// The chain holds an epoch that this database did not bring there.
    #[error(
        "the chain holds epoch {chain} and the database {database}, or another hash of it: the database is an old one, or another one anchors for this merchant. \
         Restore the newest backup with all archived write-ahead logs; seal nothing until then"
    )]
    RefusedParent {
        /// The newest epoch on the chain.
        chain: u64,
        /// The newest in the database.
        database: u64,
    },
    /// The folder's history is not the database's.
    #[error(
        "the history map stands at epoch {map}, which the database does not hold so: anchor.folder is another shop's, or the database is an old one"
    )]
    OtherHistory {
        /// The map's epoch.
        map: u64,
    },
    /// A stored epoch and what its events lead to differ.
    #[error(
        "epoch {number} was stored with another hash than its events lead to now: restore the database from a backup"
    )]
    Differs {
        /// The epoch.
        number: u64,
    },
    /// A task of this process ended by itself.
    #[error("a thread of this process failed: {0}")]
    Thread(#[from] tokio::task::JoinError),
    #[error(transparent)]
    BrokenOff(#[from] BrokenOff),
}

impl SequenceError {
    /// What this is to whoever looks after the anchor.
    #[must_use]
    pub fn condition(&self) -> Condition {
        match self {
            Self::Store(StoreError::Database(_)) => Condition::DatabaseUnreachable,
            Self::Store(StoreError::Inconsistent { .. })
            | Self::Events { .. }
            | Self::Differs { .. }
            | Self::Counter(_)
            | Self::History(HistoryError::Breach(_)) => Condition::BadHistory,
            Self::Tx(error) => error.condition(),
            Self::History(_) | Self::OtherHistory { .. } | Self::Thread(_) | Self::BrokenOff(_) => Condition::Storage,
            Self::RefusedParent { .. } => Condition::RefusedParent,
        }
    }
}

impl From<sqlx::Error> for SequenceError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

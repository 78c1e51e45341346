use shelfproof_verifier::epoch::DataError;

use crate::fence::Fence;
use crate::history::HistoryError;
use crate::journal::{Gap, JournalError};
use crate::status::Condition;
use crate::step::BrokenOff;
use crate::store::StoreError;

/// Why a round of the sequencer ended early. Whatever was written stays, and the next round goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum SequenceError {
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// The database's server counts transactions from an earlier number than it once did.
    #[error("{0}")]
    Counter(Fence),
    /// The database lacks what the receipt journal has, or the journal is damaged.
    #[error("nothing is anchored: {0}")]
    Journal(Box<Gap>),
    /// Journal and database could not be compared.
    #[error("nothing is anchored: {0}")]
    Uncompared(#[from] JournalError),
    /// The history folder failed, or the history breaks the protocol.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The stored events have no form that an epoch can have.
    #[error(
        "the events of epoch {number}: {cause}; restore the database from a backup, and run `shelfproof admin check`"
    )]
    Events { number: u64, cause: DataError },
    /// The folder's history is not the database's.
    #[error(
        "the history map ends with epoch {map}, which the database lacks or has with another hash: anchor.folder \
         belongs to another shop, or the database comes from an old backup"
    )]
    OtherHistory { map: u64 },
    /// The stored roots of an epoch are not those of its events.
    #[error(
        "epoch {number} was stored with another hash than its events lead to now: restore the database from a backup"
    )]
    Differs { number: u64 },
    #[error("a thread of this process failed: {0}")]
    Thread(#[from] tokio::task::JoinError),
    #[error(transparent)]
    BrokenOff(#[from] BrokenOff),
}

impl SequenceError {
    /// The condition that `status`, `/healthz` and the metrics show for this.
    #[must_use]
    pub fn condition(&self) -> Condition {
        match self {
            Self::Store(StoreError::Database(_)) | Self::Uncompared(JournalError::Database(_)) => {
                Condition::DatabaseUnreachable
            }
            Self::Journal(gap) if matches!(**gap, Gap::Missing { .. }) => Condition::JournalAhead,
            Self::Journal(_) | Self::Uncompared(_) => Condition::JournalUnreadable,
            Self::Store(StoreError::Inconsistent { .. })
            | Self::Events { .. }
            | Self::Differs { .. }
            | Self::Counter(_)
            | Self::History(HistoryError::Breach(_)) => Condition::BadHistory,
            Self::History(_) | Self::OtherHistory { .. } | Self::Thread(_) | Self::BrokenOff(_) => Condition::Storage,
        }
    }
}

impl From<sqlx::Error> for SequenceError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

//! Why a batch was not carried out.

use shelfproof_anchor::store::events::EventError;

use crate::sale::rows::RowsError;
use crate::store::StoreError;

/// Why a batch was not carried out. The database holds nothing of it, except after [`Self::Unanswered`], when it may
/// hold all of it.
#[derive(Debug, thiserror::Error)]
pub(in crate::sale) enum BatchError {
    /// The database failed before the commit.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event was refused.
    #[error(transparent)]
    Event(EventError),
    /// A sale could not be made.
    #[error(transparent)]
    Rows(#[from] RowsError),
    /// Another batch placed some of the orders at the same time, under the same ids.
    #[error("another batch placed one of the orders at the same time")]
    Placed,
    /// The session answers commits before they are on disk, so it is not the session that was prepared.
    #[error("synchronous_commit is off in this session: do not pool the sale worker's connections by transaction")]
    Volatile,
    /// The fence does not allow sales on the database that the connection leads to.
    #[error("the fence has not let this database pass")]
    Fenced,
    /// The commit was not answered in time, so that its outcome is unknown.
    #[error("the commit was not answered: {error}")]
    Unanswered {
        /// The transaction's name, by which its end can be looked up.
        transaction: String,
        /// Why there was no answer.
        error: sqlx::Error,
    },
}

impl From<EventError> for BatchError {
    fn from(error: EventError) -> Self {
        match error {
            EventError::Database(error) => Self::Store(error.into()),
            EventError::Inconsistent { .. } => Self::Event(error),
        }
    }
}

impl From<sqlx::Error> for BatchError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

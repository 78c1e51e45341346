//! Where intents are kept: in the merchant's database, or in a file.

use sqlx::PgConnection;

use super::{Journal, JournalError};
use crate::store::StoreError;
use crate::store::bound::bounded;
use crate::store::epochs::{EpochRoots, epoch_get};
use crate::store::intents::{
    Call, Closed, Intent, NewIntent, Purpose, Variant, intent_close, intent_insert, intent_nonces, intent_of_epoch,
    intent_open, variant_insert,
};

/// Keeps intents and their variants. What a call stored is there after a crash.
#[derive(Debug)]
pub enum IntentLog {
    Database(PgConnection),
    Journal(Journal),
}

/// Why intents could not be read or stored.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl IntentLog {
    /// The open intents of every account, oldest first.
    pub(crate) async fn open_intents(&mut self) -> Result<Vec<Intent>, LogError> {
        match self {
            Self::Database(connection) => Ok(bounded(intent_open(connection)).await?),
            Self::Journal(journal) => Ok(journal.open_intents()),
        }
    }

    /// All intents that anchor that epoch, oldest first. Only a database has any.
    pub(crate) async fn of_epoch(&mut self, epoch: u64) -> Result<Vec<Intent>, LogError> {
        match self {
            Self::Database(connection) => Ok(bounded(intent_of_epoch(connection, epoch)).await?),
            Self::Journal(_) => Ok(Vec::new()),
        }
    }

    /// What an epoch commits to; `None` before its roots are stored. Only a database has any.
    pub(crate) async fn roots_of(&mut self, epoch: u64) -> Result<Option<EpochRoots>, LogError> {
        match self {
            Self::Database(connection) => Ok(bounded(epoch_get(connection, epoch))
                .await?
                .and_then(|epoch| epoch.roots)),
            Self::Journal(_) => Ok(None),
        }
    }

    /// The nonces of all intents for a call, open and closed, oldest first.
    pub(crate) async fn nonces(&mut self, purpose: Purpose, call: &Call) -> Result<Vec<u64>, LogError> {
        match self {
            Self::Database(connection) => Ok(bounded(intent_nonces(connection, purpose, call)).await?),
            Self::Journal(journal) => Ok(journal.nonces(purpose, call)),
        }
    }

    pub(crate) async fn insert(&mut self, content: NewIntent) -> Result<Intent, LogError> {
        let id = match self {
            Self::Database(connection) => bounded(intent_insert(connection, &content)).await?,
            Self::Journal(journal) => journal.insert(&content)?,
        };
        Ok(Intent::new(id, content))
    }

    pub(crate) async fn add_variant(&mut self, intent: u64, nonce: u64, variant: &Variant) -> Result<(), LogError> {
        match self {
            Self::Database(connection) => Ok(bounded(variant_insert(connection, intent, nonce, variant)).await?),
            Self::Journal(journal) => Ok(journal.add_variant(intent, nonce, variant)?),
        }
    }

    pub(crate) async fn close(&mut self, intent: u64, closed: &Closed) -> Result<(), LogError> {
        match self {
            Self::Database(connection) => Ok(bounded(intent_close(connection, intent, closed)).await?),
            Self::Journal(journal) => Ok(journal.close(intent, closed)?),
        }
    }
}

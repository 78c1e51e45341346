//! The other half of the fence: a database that lacks a batch of the receipt journal was restored from a backup that is
//! older than its last sales, and would sell them again.
//!
//! A database is compared with all files when a connection first reaches it, and after that with what was added: a
//! running database does not fall behind. Files whose sales are in final epochs are removed, since the chain has those.

use std::convert::Infallible;
use std::sync::Arc;

use shelfproof_anchor::journal::files::ReadError;
use shelfproof_anchor::journal::{Gap, JournalError, Progress, compare, trim};
use shelfproof_anchor::store::fence::{Instance, fence_instance};
use shelfproof_base::clock::now_ms;
use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::held::{Held, State};
use super::{COMPARE_BOUND, FIRST_BOUND};
use crate::journal::Journal;

/// Whether the database that is reached has all that the journal has.
#[derive(Debug)]
pub(super) struct JournalFence {
    pub(super) journal: Arc<Journal>,
    pub(super) held: Held<Gap>,
    /// How far which database was compared.
    progress: Mutex<(Option<Instance>, Progress)>,
}

impl JournalFence {
    pub(super) fn new(journal: Arc<Journal>) -> Self {
        Self {
            journal,
            held: Held::new("the receipt journal"),
            progress: Mutex::default(),
        }
    }

    pub(super) fn admits(&self, instance: &Instance) -> bool {
        self.held.admits(instance) && self.journal.trouble().is_none()
    }

    /// Why no sale may be answered, for a caller of the API.
    pub(super) fn trouble(&self) -> Option<String> {
        let why = self.journal.trouble()?;
        Some(format!(
            "the receipt journal cannot be written, so that no sale may be answered: {why}"
        ))
    }

    /// Why nothing may be sold or written over this database, for a caller of the API.
    pub(super) fn refusal(&self) -> Option<String> {
        match self.held.state() {
            State::Open => None,
            State::Unknown(why) => Some(format!(
                "this node has not compared its database with the receipt journal since it or that database started: \
                 {why}"
            )),
            State::Closed(gap) => Some(gap.reason()),
        }
    }

    /// Makes the first comparison, which delays a node's start by [`FIRST_BOUND`] at most.
    pub(super) async fn compare_first(&self, pool: &PgPool) {
        let _ = timeout(FIRST_BOUND, self.look(pool)).await;
    }

    /// Compares again and again, until dropped.
    pub(super) async fn watch(&self, pool: &PgPool) -> Infallible {
        loop {
            self.held.due().await;
            self.look(pool).await;
        }
    }

    async fn look(&self, pool: &PgPool) {
        let compared = Box::pin(self.compare(pool)).await;
        self.note(compared);
    }

    /// One comparison, over a new connection as [`super::FenceState`] makes it.
    async fn compare(&self, pool: &PgPool) -> Result<(Option<Gap>, Instance), JournalError> {
        let opened = async {
            let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
            let instance = fence_instance(&mut connection).await?;
            Ok::<_, sqlx::Error>((connection, instance))
        };
        let late = |_| sqlx::Error::PoolTimedOut;
        let (mut connection, instance) = timeout(COMPARE_BOUND, opened).await.map_err(late)??;
        self.held.reached(instance);
        let (folder, merchant_id) = (self.journal.folder(), self.journal.merchant_id());
        let mut guard = self.progress.lock().await;
        let (of, progress) = &mut *guard;
        if *of != Some(instance) {
            (*of, *progress) = (Some(instance), Progress::default());
        }
        let gap = compare(&mut connection, folder, merchant_id, progress).await?;
        if gap.is_none()
            && let Err(error) = trim(&mut connection, folder, merchant_id, progress, now_ms()).await
        {
            tracing::warn!(%error, "old files of the receipt journal are kept for now");
        }
        drop(guard);
        // The comparison is done, whatever the server says to the goodbye.
        let _ = connection.close().await;
        Ok((gap, instance))
    }

    fn note(&self, compared: Result<(Option<Gap>, Instance), JournalError>) {
        self.held.note(compared.map_err(|error| {
            tracing::warn!(%error, "the fence: the receipt journal and the database could not be compared");
            public(&error)
        }));
    }
}

/// The error in words for anybody.
fn public(error: &JournalError) -> String {
    match error {
        JournalError::Read(ReadError::Io { cause, .. }) => {
            format!("it cannot be read ({}); the log tells more", cause.kind())
        }
        JournalError::Read(ReadError::Damaged { .. }) | JournalError::Thread(_) => {
            "it cannot be read; the log tells more".to_owned()
        }
        JournalError::Database(_) => "the database does not answer".to_owned(),
    }
}

#[cfg(test)]
mod tests;

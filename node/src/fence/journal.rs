//! The other half of the fence: a database that lacks a batch of the receipt journal was restored from a backup that is
//! older than its last sales, and would sell them again.
//!
//! A database is compared with all files when a connection first reaches it, and after that with what was added: a
//! running database does not fall behind. Files whose sales are in final epochs are removed, since the chain has those.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::pending;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use shelfproof_anchor::store::fence::{Instance, fence_instance};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::sync::{Mutex, Notify};
use tokio::time::{sleep, timeout};

use super::{FENCE_PERIOD, FIRST_BOUND, FIRST_PERIOD};
use crate::journal::Journal;

mod compare;

pub(super) use compare::{Gap, JournalError, compare_once};

use compare::{Progress, bounded, compare, public, trim};

/// Whether the database that is reached has all that the journal has. By default there is no journal.
#[derive(Debug, Default)]
pub(super) struct JournalFence {
    journal: Option<Arc<Journal>>,
    observed: RwLock<Observed>,
    progress: Mutex<Progress>,
    /// Notified when connections lead to another database than the one that was compared.
    moved: Notify,
}

#[derive(Debug, Default)]
struct Observed {
    state: State,
    /// The database that the newest connection leads to.
    instance: Option<Instance>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// No comparison of this database has succeeded yet; why, in words for anybody.
    Unknown(String),
    Open,
    Closed(Gap),
}

impl Default for State {
    fn default() -> Self {
        Self::Unknown("it is being read".to_owned())
    }
}

impl JournalFence {
    pub(super) fn new(journal: Option<Arc<Journal>>) -> Self {
        Self {
            journal,
            ..Self::default()
        }
    }

    pub(super) fn journal(&self) -> Option<Arc<Journal>> {
        self.journal.clone()
    }

    /// Notes the database that a new connection leads to. If it is another than the one that was compared, nothing is
    /// sold until that one is compared too.
    pub(super) fn reached(&self, instance: Instance) {
        if self.journal.is_none() {
            return;
        }
        let mut observed = self.observed.write().unwrap_or_else(PoisonError::into_inner);
        if observed.instance.replace(instance) == Some(instance) {
            return;
        }
        if observed.state == State::Open {
            let why = "the database's server was started again, or another took its place";
            tracing::error!("nothing is sold until the database was compared with the receipt journal again: {why}");
            observed.state = State::Unknown(why.to_owned());
        }
        drop(observed);
        self.moved.notify_one();
    }

    pub(super) fn admits(&self, instance: &Instance) -> bool {
        let Some(journal) = &self.journal else {
            return true;
        };
        let observed = self.observed();
        observed.state == State::Open && observed.instance.as_ref() == Some(instance) && journal.trouble().is_none()
    }

    /// Whether it may be sold; `None` where there is no journal.
    pub(super) fn is_open(&self) -> Option<bool> {
        self.journal.as_ref().map(|_| self.refusal().is_none())
    }

    /// Why nothing may be sold, for a caller of the API.
    pub(super) fn refusal(&self) -> Option<String> {
        if let Some(why) = self.journal.as_ref()?.trouble() {
            return Some(format!(
                "the receipt journal cannot be written, so that no sale may be answered: {why}"
            ));
        }
        match &self.observed().state {
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
        if let Some(journal) = &self.journal {
            let _ = timeout(FIRST_BOUND, self.look(pool, journal)).await;
        } else {
            tracing::warn!(
                "sale.journal is not set: nobody can tell whether this database is a backup that lacks what was sold since \
                 the last epoch"
            );
        }
    }

    /// Compares again and again, until dropped.
    pub(super) async fn watch(&self, pool: &PgPool) -> Infallible {
        let Some(journal) = &self.journal else {
            return pending().await;
        };
        loop {
            sleep(FIRST_PERIOD).await;
            if !matches!(self.observed().state, State::Unknown(_)) {
                // Ends early when connections lead to another database.
                let _ = timeout(FENCE_PERIOD, self.moved.notified()).await;
            }
            self.look(pool, journal).await;
        }
    }

    async fn look(&self, pool: &PgPool, journal: &Journal) {
        let compared = Box::pin(self.compare(pool, journal)).await;
        self.note(compared);
    }

    /// One comparison, over a new connection as [`super::FenceState`] makes it.
    async fn compare(&self, pool: &PgPool, journal: &Journal) -> Result<(Option<Gap>, Instance), JournalError> {
        let opened = async {
            let mut connection = PgConnection::connect_with(&pool.connect_options()).await?;
            let instance = fence_instance(&mut connection).await?;
            Ok::<_, JournalError>((connection, instance))
        };
        let (mut connection, instance) = bounded(opened).await?;
        self.reached(instance);
        let mut progress = self.progress.lock().await;
        let mut after = if progress.instance == Some(instance) {
            progress.clone()
        } else {
            Progress {
                instance: Some(instance),
                files: HashMap::new(),
            }
        };
        let gap = compare(&mut connection, journal.folder(), journal.merchant_id(), &mut after).await?;
        if gap.is_none() {
            let trimmed = trim(&mut connection, journal.folder(), journal.merchant_id(), &after).await;
            if let Err(error) = trimmed {
                tracing::warn!(%error, "old files of the receipt journal are kept for now");
            }
            *progress = after;
        } else {
            // All of it counts again at the next comparison.
            *progress = Progress::default();
        }
        drop(progress);
        // The comparison is done, whatever the server says to the goodbye.
        let _ = connection.close().await;
        Ok((gap, instance))
    }

    fn note(&self, compared: Result<(Option<Gap>, Instance), JournalError>) {
        let mut observed = self.observed.write().unwrap_or_else(PoisonError::into_inner);
        let after = match compared {
            Ok((Some(gap), _)) => State::Closed(gap),
            // Connections lead to another database by now, which says nothing about that one.
            Ok((None, instance)) if observed.instance != Some(instance) => return,
            Ok((None, _)) => State::Open,
            Err(error) => {
                tracing::warn!(%error, "the fence: the receipt journal and the database could not be compared");
                if !matches!(observed.state, State::Unknown(_)) {
                    return;
                }
                State::Unknown(public(&error))
            }
        };
        match (&observed.state, &after) {
            (before, after) if before == after => {}
            (_, State::Closed(gap)) => tracing::error!("the fence is closed, and nothing is sold: {gap}"),
            (State::Closed(_), State::Open) => {
                tracing::error!("the database has all that the receipt journal has again");
            }
            (_, State::Open) => tracing::info!("the database has all that the receipt journal has"),
            _ => {}
        }
        observed.state = after;
    }

    fn observed(&self) -> RwLockReadGuard<'_, Observed> {
        self.observed.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;

//! A worker's connection to the database: opened when it is needed, checked by the fence, and replaced after a failure.

use std::sync::Arc;
use std::time::Duration;

use shelfproof_anchor::store::fence::{Instance, fence_instance};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};

use super::batch::{ANSWER_BOUND, BatchError, timed_out};
use crate::fence::FenceState;
use crate::store::StoreError;
use crate::store::sale::transaction_runs;
use crate::store::session;

/// How long a connection may take to open.
const CONNECT_BOUND: Duration = Duration::from_secs(2);
/// How often the end of a transaction is looked up, and the pause between two attempts.
const OUTCOME_TRIES: u32 = 20;
const OUTCOME_PAUSE: Duration = Duration::from_millis(250);

/// A connection that opens at its first use, and again after it was lost.
pub(super) struct WorkerConnection {
    options: PgConnectOptions,
    lock_wait: Duration,
    fence: Arc<FenceState>,
    /// The open connection, and the server and database that it leads to.
    opened: Option<(PgConnection, Instance)>,
}

impl WorkerConnection {
    pub(super) fn new(options: &PgConnectOptions, lock_wait: Duration, fence: &Arc<FenceState>) -> Self {
        Self {
            options: options.clone(),
            lock_wait,
            fence: Arc::clone(fence),
            opened: None,
        }
    }

    /// Drops the connection; the next use opens another.
    pub(super) fn lose(&mut self) {
        self.opened = None;
    }

    /// A connection to a database on which the fence allows sales. A connection that is opened again may lead to an
    /// older copy of the database, which would sell the same keys twice.
    pub(super) async fn fenced(&mut self) -> Result<&mut PgConnection, BatchError> {
        if !self.is_admitted() {
            self.lose();
            self.open().await?;
            if !self.is_admitted() {
                return Err(BatchError::Fenced);
            }
        }
        Ok(self.open().await?)
    }

    /// Waits until a transaction has ended, asking over a new connection. `false` if that could not be found out in
    /// time.
    pub(super) async fn has_ended(&mut self, transaction: &str) -> bool {
        self.lose();
        for _ in 0..OUTCOME_TRIES {
            if let Ok(connection) = self.open().await {
                match timeout(ANSWER_BOUND, transaction_runs(connection, transaction)).await {
                    Ok(Ok(true)) => {}
                    Ok(Ok(false)) => return true,
                    _ => self.lose(),
                }
            }
            sleep(OUTCOME_PAUSE).await;
        }
        false
    }

    fn is_admitted(&self) -> bool {
        let leads_to = self.opened.as_ref().map(|(_, instance)| instance);
        leads_to.is_some_and(|instance| self.fence.admits(instance))
    }

    async fn open(&mut self) -> Result<&mut PgConnection, StoreError> {
        if self.opened.is_none() {
            let opened = async {
                let mut opened = PgConnection::connect_with(&self.options).await?;
                session::session_prepare(&mut opened, self.lock_wait).await?;
                let instance = fence_instance(&mut opened).await?;
                Ok::<_, StoreError>((opened, instance))
            };
            let opened = timeout(CONNECT_BOUND, opened).await.map_err(|_| timed_out())??;
            self.fence.reached(opened.1);
            self.opened = Some(opened);
        }
        self.opened
            .as_mut()
            .map(|(connection, _)| connection)
            .ok_or_else(|| StoreError::Database(sqlx::Error::WorkerCrashed))
    }
}

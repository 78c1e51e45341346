//! Time limits of statements. Without them a server that vanished would be waited for without end.

use std::io::{Error, ErrorKind};
use std::time::Duration;

use tokio::time::timeout;

use super::StoreError;

/// For a statement over a few rows.
const SHORT_BOUND: Duration = Duration::from_mins(1);

/// For a statement over all events of an epoch; longer than the session's own `statement_timeout`.
const LONG_BOUND: Duration = Duration::from_mins(31);

/// Runs a statement over a few rows.
pub(crate) async fn bounded<T>(statement: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    within(SHORT_BOUND, statement).await
}

/// Runs a statement over all events of an epoch.
pub(crate) async fn bounded_long<T>(statement: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    within(LONG_BOUND, statement).await
}

async fn within<T>(bound: Duration, statement: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let silent = || {
        Error::new(
            ErrorKind::TimedOut,
            format!("the database has not answered for {bound:?}"),
        )
    };
    timeout(bound, statement)
        .await
        .unwrap_or_else(|_| Err(StoreError::Database(silent().into())))
}

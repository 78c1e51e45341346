//! How long the database may take. A server that vanished without a word would otherwise be waited for without end, with the lock
//! held by nobody.

use std::time::Duration;

use tokio::time::timeout;

use super::SequenceError;

/// A statement over a few rows.
const BOUND: Duration = Duration::from_mins(1);

/// A statement over all events that wait; above the session's own `statement_timeout`.
const LONG_BOUND: Duration = Duration::from_mins(31);

/// What a statement over a few rows answers, within its bound.
pub(super) async fn bounded<T, E: Into<SequenceError>>(
    statement: impl Future<Output = Result<T, E>>,
) -> Result<T, SequenceError> {
    within(BOUND, statement).await
}

/// The same for a statement over all events that wait.
pub(super) async fn long<T, E: Into<SequenceError>>(
    statement: impl Future<Output = Result<T, E>>,
) -> Result<T, SequenceError> {
    within(LONG_BOUND, statement).await
}

async fn within<T, E: Into<SequenceError>>(
    bound: Duration,
    statement: impl Future<Output = Result<T, E>>,
) -> Result<T, SequenceError> {
    match timeout(bound, statement).await {
        Ok(answer) => answer.map_err(Into::into),
        Err(_) => Err(SequenceError::Silent(bound)),
    }
}

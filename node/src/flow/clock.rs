//! Events are written only while this machine's clock and the database's agree to a minute.

use sqlx::PgConnection;

use crate::domain::clock::MAX_DRIFT_MS;
use crate::store::StoreError;
use crate::store::server::clock_get;

/// Why an event's time cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("this machine's clock and the database's are {0} ms apart; at most {MAX_DRIFT_MS}. Set the clocks (NTP)")]
    Drift(u64),
}

/// Compares `now_ms` with the database's clock.
///
/// # Errors
/// Where they are too far apart, or the database fails.
pub(super) async fn check_clock(connection: &mut PgConnection, now_ms: u64) -> Result<(), ClockError> {
    let drift_ms = now_ms.abs_diff(clock_get(connection).await?);
    if drift_ms > MAX_DRIFT_MS {
        return Err(ClockError::Drift(drift_ms));
    }
    Ok(())
}

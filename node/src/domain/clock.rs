//! Time, as events write it.

use std::time::{SystemTime, UNIX_EPOCH};

/// The furthest that this machine's clock may be from the database's before nothing more is signed, milliseconds.
pub const MAX_DRIFT_MS: u64 = 60_000;

/// The time now, Unix milliseconds. Called at the edges only; everything else is handed the time.
#[must_use]
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

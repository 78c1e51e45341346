//! The time of this machine. Only the outermost code calls it; everything else takes the time as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

/// The current time in Unix milliseconds; 0 before 1970.
#[must_use]
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

//! How far clocks may be apart.

/// The furthest that this machine's clock may be from the database's before nothing more is signed, milliseconds.
pub const MAX_DRIFT_MS: u64 = 60_000;

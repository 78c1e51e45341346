//! What the program reports about itself as it runs: the metrics at `/metrics`. The log is set up by
//! [`shelfproof_base::log`].
//!
//! A metric is added in [`metrics`]: a constant with its name and meaning, a `describe_…!` line, and one function that
//! records it.

pub mod metrics;

//! What operators see of this service: its log and its metrics.

pub mod log;
pub mod metrics;

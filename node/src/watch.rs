//! What operators see of this service: its metrics, and whether it may sell. Its log is [`shelfproof_base::log`].

pub mod fence;
pub mod metrics;

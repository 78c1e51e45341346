//! The metrics that operators see of this service. Its log is [`shelfproof_base::log`].

pub mod metrics;

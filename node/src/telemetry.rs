//! What operators see of this service: its metrics. Its log is the anchor's: [`shelfproof_anchor::log`].

pub mod metrics;

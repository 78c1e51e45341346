//! What operators see of this service: its metrics, and whether it may sell. Its log is the anchor's: [`shelfproof_anchor::log`].

pub mod fence;
pub mod metrics;

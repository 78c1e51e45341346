//! The configuration of `shelfproof-anchor`: the sections that it shares with `shelfproof`, and `[anchor]`.
//!
//! To add a section: a struct in `sections`, its rules in `rules`, and a field of [`Config`].

use shelfproof_base::config::{ConfigError, Settings};
use shelfproof_base::config_sections;
use shelfproof_base::log::Log;

mod rules;
mod sections;
#[cfg(test)]
mod tests;

pub use sections::{Anchor, Chain, Database, Keys, KeysFolder, Sale};

/// The sections that only `shelfproof` reads, which this program ignores. A test of `shelfproof` compares the list with
/// its own sections.
pub const SHOP_SECTIONS: &[&str] = &["http", "shop", "checkout", "gateways", "worker", "proofs"];

config_sections! {
    /// All that `shelfproof-anchor` reads.
    pub struct Config {
        pub database: Database,
        pub keys: Keys,
        pub chain: Chain,
        pub sale: Sale,
        pub anchor: Anchor,
        pub log: Log,
    }
}

impl Config {
    /// Reads and checks all sections.
    ///
    /// # Errors
    /// All fields that are missing or unknown, or that break a rule.
    pub fn read(settings: &Settings) -> Result<Self, ConfigError> {
        let config = Self::sections(settings, SHOP_SECTIONS)?;
        settings.refuse("", rules::anchored(&config.chain))?;
        Ok(config)
    }
}

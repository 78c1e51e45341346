//! The configuration of `shelfproof-anchor`: the sections that it shares with `shelfproof`, and `[anchor]`.
//!
//! A section is a struct in `sections` with its rules in `rules`, and a field of [`Config`].

use shelfproof_base::config::{ConfigError, Settings};
use shelfproof_base::config_sections;
use shelfproof_base::log::Log;

mod rules;
mod sections;
#[cfg(test)]
mod tests;

pub use sections::{Anchor, Chain, Database, Keys, KeysFolder};

/// The sections of `shelfproof` in the same file: passed over here. A test of `shelfproof` compares them with its own.
pub const SHOP_SECTIONS: &[&str] = &["http", "shop", "sale", "worker", "proofs"];

config_sections! {
    /// All that `shelfproof-anchor` reads.
    pub struct Config {
        /// Where the events are.
        pub database: Database,
        /// The vault, with the key that anchors.
        pub keys: Keys,
        /// Which merchant this is, and where its chain is read.
        pub chain: Chain,
        /// From events to the chain.
        pub anchor: Anchor,
        /// What is written about all that.
        pub log: Log,
    }
}

impl Config {
    /// All of it, checked.
    ///
    /// # Errors
    /// Every field that is missing, unknown or breaks a rule.
    pub fn read(settings: &Settings) -> Result<Self, ConfigError> {
        let config = Self::sections(settings, SHOP_SECTIONS)?;
        settings.refuse("", rules::anchored(&config.chain))?;
        Ok(config)
    }
}

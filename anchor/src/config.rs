//! What the programs are told: defaults, then the file, then the environment, then flags, each over the one before.
//!
//! One TOML file serves `shelfproof` and `shelfproof-anchor`, a section a struct; each reads the sections that it needs
//! and passes over those of the other. `SHELFPROOF_CHAIN__RPC` in the environment is `chain.rpc` in the file. Whatever is
//! wrong is said at the start: the field, the rule that it breaks, and where the value came from.

use serde::Serialize;

mod describe;
mod error;
mod layers;
mod read;
mod rules;
mod secret;
mod sections;
#[cfg(test)]
mod tests;

pub use error::{ConfigError, Problem};
pub use layers::{Flag, Settings, keep, optional_path, path};
pub use rules::{Check, broken, is_web_address, within};
pub use secret::{optional_secret, read_secret, serialize_web_address};
pub use sections::{Anchor, Chain, Database, Keys, Log, LogFormat};

/// All that `shelfproof-anchor` reads.
#[derive(Clone, Debug, Serialize)]
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

impl Config {
    /// All of it, checked.
    ///
    /// # Errors
    /// Every field that is missing, unknown or breaks a rule.
    pub fn read(settings: &Settings) -> Result<Self, ConfigError> {
        settings.known_sections()?;
        let mut problems = Vec::new();
        let sections = (
            keep(settings.database(), &mut problems),
            keep(settings.keys(), &mut problems),
            keep(settings.chain(), &mut problems),
            keep(settings.anchor(), &mut problems),
            keep(settings.log(), &mut problems),
        );
        let (Some(database), Some(keys), Some(chain), Some(anchor), Some(log)) = sections else {
            return Err(ConfigError::Fields(problems));
        };
        settings.refuse("", rules::anchored(&chain))?;
        Ok(Self {
            database,
            keys,
            chain,
            anchor,
            log,
        })
    }
}

//! Anvil, the Ethereum node that tests use, in a temporary folder.

use std::ops::{Deref, DerefMut};

use shelfproof::dev::anvil as dev;
use tempfile::TempDir;

use crate::permit::{self, Permit};
use crate::{Result, tools};

pub use dev::CHAIN_ID;

/// How a chain starts and goes on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// Time of the genesis block, Unix seconds; the clock's where none.
    pub genesis_at_s: Option<u64>,
    /// Seconds between blocks; where none, a block for each transaction.
    pub block_time_s: Option<u64>,
}

/// A running chain: every block two behind the newest is final.
#[derive(Debug)]
pub struct Anvil {
    node: dev::Anvil,
    // Dropped after the server that writes into it.
    _folder: TempDir,
    _permit: Permit,
}

impl Anvil {
    /// Starts a chain and waits until it listens.
    ///
    /// # Errors
    /// Anvil's log, if it does not come to listen.
    pub fn start(settings: Settings) -> Result<Self> {
        let permit = permit::share();
        let folder = tempfile::tempdir()?;
        let settings = dev::Settings {
            genesis_at_s: settings.genesis_at_s,
            block_time_s: settings.block_time_s,
            ..dev::Settings::default()
        };
        Ok(Self {
            node: dev::Anvil::start(&tools::foundry("anvil")?, folder.path(), settings)?,
            _folder: folder,
            _permit: permit,
        })
    }
}

impl DerefMut for Anvil {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.node
    }
}

impl Deref for Anvil {
    type Target = dev::Anvil;

    fn deref(&self) -> &Self::Target {
        &self.node
    }
}

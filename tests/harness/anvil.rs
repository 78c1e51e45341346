//! Anvil, the Ethereum node that tests use, in a temporary folder.

use std::ops::{Deref, DerefMut};

use alloy_primitives::{Address, Bytes, hex};
use shelfproof::dev::anvil as dev;
use tempfile::TempDir;

use crate::permit::{self, Permit};
use crate::{Result, tools};

pub use dev::CHAIN_ID;

/// When a chain starts and how it makes blocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// The time of the genesis block in Unix seconds; `None` is the current time.
    pub genesis_at_s: Option<u64>,
    /// The seconds between two blocks; `None` makes a block for each transaction.
    pub block_time_s: Option<u64>,
}

/// A running chain. A block is final when two more follow it.
#[derive(Debug)]
pub struct Anvil {
    node: dev::Anvil,
    // Dropped after the server, which writes into it.
    _folder: TempDir,
    _permit: Permit,
}

impl Anvil {
    /// Starts a chain and waits until it listens.
    ///
    /// # Errors
    /// Anvil's log, if it does not listen in time.
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

/// Returns the code of a proxy before `behind` (EIP-1167): the other's code, over the proxy's own storage and address.
#[must_use]
pub fn proxy(behind: Address) -> Bytes {
    let (before, after) = (hex!("363d3d373d3d3d363d73"), hex!("5af43d82803e903d91602b57fd5bf3"));
    [before.as_slice(), behind.as_slice(), after.as_slice()].concat().into()
}

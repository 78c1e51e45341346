//! Anvil, the Ethereum node of tests, on a port that the system chose.

use std::time::Duration;

use tempfile::TempDir;

use crate::child::{Server, Signal, command};
use crate::{Result, tools};

/// How long anvil may take to listen.
const START_BOUND: Duration = Duration::from_secs(30);

/// Anvil's chain id.
pub const CHAIN_ID: u64 = 31337;

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
    server: Server,
    url: String,
    // Dropped after the server that writes into it.
    _folder: TempDir,
}

impl Anvil {
    /// Starts a chain and waits until it listens.
    ///
    /// # Errors
    /// With anvil's log, where it does not come to listen.
    pub fn start(settings: Settings) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = command(tools::foundry("anvil")?, None, Signal::Kill);
        command.args(["--port", "0", "--slots-in-an-epoch", "1"]);
        if let Some(at_s) = settings.genesis_at_s {
            command.args(["--timestamp", &at_s.to_string()]);
        }
        if let Some(seconds) = settings.block_time_s {
            command.args(["--block-time", &seconds.to_string()]);
        }
        command.current_dir(folder.path());
        let mut server = Server::start("anvil", command, Signal::Kill, &folder.path().join("anvil.log"))?;
        let address = server.wait_for(START_BOUND, |log| {
            // A line is whole once its end is there.
            let (_, after) = log.split_once("Listening on ")?;
            Some(after.split_once('\n')?.0.trim().to_owned())
        })?;
        Ok(Self {
            server,
            url: format!("http://{address}"),
            _folder: folder,
        })
    }

    /// Its JSON-RPC address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// All that it has printed.
    #[must_use]
    pub fn log(&self) -> String {
        self.server.log()
    }
}

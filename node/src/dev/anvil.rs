//! Anvil, an Ethereum node for development, on a free port.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::child::{ChildError, Server, Signal, command};

/// How long anvil may take to start listening.
const START_BOUND: Duration = Duration::from_secs(30);

/// How often anvil writes the chain to its file, seconds. It writes once more when it is told to end.
const STATE_INTERVAL_S: u64 = 10;

pub const CHAIN_ID: u64 = 31337;

#[derive(Clone, Copy, Debug, Default)]
pub struct Settings<'a> {
    /// The time of the genesis block, Unix seconds; by default the current time.
    pub genesis_at_s: Option<u64>,
    /// The seconds between blocks; by default each transaction is mined at once, in a block of its own.
    pub block_time_s: Option<u64>,
    /// The file that keeps the chain; by default the chain is lost when the process ends.
    pub state: Option<&'a Path>,
    /// A file that anvil holds open while it runs.
    pub lock: Option<&'a File>,
}

/// A running anvil. On its chain a block is final once two more follow it.
#[derive(Debug)]
pub struct Anvil {
    server: Server,
    url: String,
}

impl Anvil {
    /// Starts `program` with its log in `folder`, and waits until it listens.
    ///
    /// # Errors
    /// If anvil ends or does not listen in time; the error has its log.
    pub fn start(program: &Path, folder: &Path, settings: Settings<'_>) -> Result<Self, ChildError> {
        // With a file, anvil must be able to write it before it ends, even if this process was killed.
        let signal = if settings.state.is_some() {
            Signal::Terminate
        } else {
            Signal::Kill
        };
        let mut command = command(program, None, signal);
        command.args(["--port", "0", "--slots-in-an-epoch", "1"]);
        if let Some(at_s) = settings.genesis_at_s {
            command.args(["--timestamp", &at_s.to_string()]);
        }
        if let Some(seconds) = settings.block_time_s {
            command.args(["--block-time", &seconds.to_string()]);
        }
        if let Some(state) = settings.state {
            command.arg("--state").arg(state);
            command.args(["--state-interval", &STATE_INTERVAL_S.to_string()]);
        }
        command.current_dir(folder);
        let mut server = Server::start_holding("anvil", command, signal, &folder.join("anvil.log"), settings.lock)?;
        let address = server.wait_for(START_BOUND, |log| {
            // The line may have been written only in part so far.
            let (_, after) = log.split_once("Listening on ")?;
            Some(after.split_once('\n')?.0.trim().to_owned())
        })?;
        Ok(Self {
            server,
            url: format!("http://{address}"),
        })
    }

    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    #[must_use]
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    #[must_use]
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Whether it has ended by itself.
    ///
    /// # Errors
    /// The system's error.
    pub fn has_ended(&mut self) -> Result<bool, ChildError> {
        self.server.has_ended()
    }
}

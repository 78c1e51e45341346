//! A `shelfproof serve` process.

use std::net::SocketAddr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::Cli;
use crate::Result;
use crate::child::{Server, Signal, send};
use crate::client::Client;
use crate::vector_chain::block_on;

/// How long it may take to listen, and then to become ready.
const START_BOUND: Duration = Duration::from_mins(1);

/// How long it may take to answer the requests in flight and end.
const STOP_BOUND: Duration = Duration::from_secs(20);

/// The words before its address in the log.
const LISTENING: &str = "listening on http://";

/// The words before the address of its metrics.
const METRICS: &str = "metrics on http://";

/// Returns the address that follows those words.
#[must_use]
pub fn address_after(log: &str, words: &str) -> Option<SocketAddr> {
    let rest = log.split_once(words)?.1;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':')?;
    rest[..end].parse().ok()
}

/// A process of `serve`, which is killed on drop.
#[derive(Debug)]
pub struct Node {
    server: Server,
    address: SocketAddr,
}

impl Node {
    /// Starts a process with these further arguments, and waits until it is ready.
    ///
    /// # Errors
    /// Its log, if it does not become ready.
    pub fn start(cli: &Cli, flags: &[&str], log: &Path) -> Result<Self> {
        let node = Self::listen(cli, flags, log)?;
        node.wait_until_ready()?;
        Ok(node)
    }

    /// Starts a process, and waits only until it listens.
    ///
    /// # Errors
    /// Its log, if it does not listen in time.
    pub fn listen(cli: &Cli, flags: &[&str], log: &Path) -> Result<Self> {
        let mut server = Server::start(
            "shelfproof serve",
            cli.command(&[&["serve"], flags].concat()),
            Signal::Kill,
            log,
        )?;
        let address = server.wait_for(START_BOUND, |log| address_after(log, LISTENING))?;
        Ok(Self { server, address })
    }

    /// Waits until it reports that it is ready to sell.
    ///
    /// # Errors
    /// Its log, if it does not.
    pub fn wait_until_ready(&self) -> Result<()> {
        let end = Instant::now() + START_BOUND;
        loop {
            let answer = block_on(async { Client::new(self.address, "")?.get("/readyz").await.map_err(Into::into) })?;
            let said = match answer {
                Ok(answer) if answer.status == 200 => return Ok(()),
                Ok(answer) => answer.text(),
                Err(error) => Box::<dyn std::error::Error>::to_string(&error),
            };
            if Instant::now() > end {
                return Err(format!("a node is not ready: {said}; its log:\n{}", self.log()).into());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The address at which it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address at which it serves `/metrics` without a token, if there is one.
    #[must_use]
    pub fn metrics(&self) -> Option<SocketAddr> {
        address_after(&self.log(), METRICS)
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// Everything that it has printed.
    #[must_use]
    pub fn log(&self) -> String {
        self.server.log()
    }

    /// Asks it to stop, and waits until it has ended.
    ///
    /// # Errors
    /// Its log, if it does not end.
    pub fn stop(&mut self) -> Result<()> {
        send(Signal::Terminate, self.pid())?;
        let end = Instant::now() + STOP_BOUND;
        while !self.has_ended()? {
            if Instant::now() > end {
                return Err(format!("a node does not stop; its log:\n{}", self.log()).into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Whether it has ended by itself.
    ///
    /// # Errors
    /// The system's error.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.server.has_ended()?)
    }
}

//! Processes that serve proofs: anchors and mirrors.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use shelfproof_verifier::chain::Identity;

use super::{POLL, PROOF_BOUND};
use crate::child::{Server, Signal, command};
use crate::client::{Answer, Client};
use crate::vector_chain::block_on;
use crate::{Result, tools};

/// How long a process may take to start.
const START_BOUND: Duration = Duration::from_mins(1);

/// The words before the address in the log.
const PROVING: &str = "proving on http://";

/// A process that serves proofs: an anchor or a mirror.
#[derive(Debug)]
pub struct Proving {
    server: Server,
    /// The address at which it serves.
    pub address: SocketAddr,
}

/// Starts a mirror of that merchant in that folder, built from the chain and the published data alone, and waits until
/// it serves.
///
/// # Errors
/// The mirror's log, if it does not start.
pub fn follow(identity: &Identity, rpc: &str, folder: &Path, log: &Path) -> Result<Proving> {
    let mut command = command(&tools::binary("shelfproof-anchor")?, None, Signal::Kill);
    command
        .args(["follow", "--listen", "127.0.0.1:0", "--poll-ms", "100"])
        .args(["--rpc", rpc])
        .args(["--registry", &identity.registry.to_string()])
        .args(["--merchant-id", &identity.merchant_id.to_string()])
        .arg("--folder")
        .arg(folder)
        .env_clear();
    Starting(Server::start("shelfproof-anchor follow", command, Signal::Kill, log)?).wait()
}

/// A process that does not serve proofs yet.
#[derive(Debug)]
pub struct Starting(pub(super) Server);

impl Starting {
    /// Waits until it serves.
    ///
    /// # Errors
    /// Its log, if it does not.
    pub fn wait(mut self) -> Result<Proving> {
        let address = self
            .0
            .wait_for(START_BOUND, |log| crate::shop::address_after(log, PROVING))?;
        Ok(Proving {
            server: self.0,
            address,
        })
    }

    /// Waits until it has printed `words`.
    ///
    /// # Errors
    /// Its log, if it does not.
    pub fn wait_for_words(&mut self, words: &str) -> Result<()> {
        Ok(self.0.wait_for(START_BOUND, |log| log.contains(words).then_some(()))?)
    }

    /// Waits until it has ended by itself, and returns its log.
    ///
    /// # Errors
    /// If it does not end.
    pub fn wait_for_end(&mut self) -> Result<String> {
        let end = Instant::now() + START_BOUND;
        while !self.0.has_ended()? {
            if Instant::now() > end {
                return Err(format!("it does not end; its log:\n{}", self.0.log()).into());
            }
            std::thread::sleep(POLL);
        }
        Ok(self.0.log())
    }

    /// Everything that it has printed.
    #[must_use]
    pub fn log(&self) -> String {
        self.0.log()
    }
}

impl Proving {
    /// Whether it has ended by itself.
    ///
    /// # Errors
    /// The system's error.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.server.has_ended()?)
    }

    /// Requests a path from it.
    ///
    /// # Errors
    /// If it does not answer.
    pub fn get(&self, path: &str) -> Result<Answer> {
        block_on(async {
            Client::new(self.address, "")?
                .get(path)
                .await
                .map_err(Into::<Box<dyn std::error::Error>>::into)
        })?
    }

    /// Waits until it has the epoch with that number and the epoch is final. Returns its status.
    ///
    /// # Errors
    /// Its status, if that takes too long.
    pub fn wait_for_epoch(&self, number: u64) -> Result<Value> {
        self.wait_until(&format!("epoch {number}"), |status| {
            status["finalEpoch"].as_u64() >= Some(number)
        })
    }

    /// Waits until it is in that condition. Returns its status.
    ///
    /// # Errors
    /// Its status, if that takes too long.
    pub fn wait_for_condition(&self, condition: &str) -> Result<Value> {
        self.wait_until(condition, |status| status["condition"] == condition)
    }

    fn wait_until(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Result<Value> {
        let end = Instant::now() + PROOF_BOUND;
        loop {
            let status = self.get("/v1/status")?.json()?;
            if is_it(&status) {
                return Ok(status);
            }
            if Instant::now() > end {
                return Err(format!("no {what}: {status}; the log:\n{}", self.server.log()).into());
            }
            std::thread::sleep(POLL);
        }
    }

    /// Everything that it has printed.
    #[must_use]
    pub fn log(&self) -> String {
        self.server.log()
    }
}

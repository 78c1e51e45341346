//! The anchor as a child process.

use std::env;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::child::{ChildError, Server, Signal, command};
use super::tools;

/// How long the anchor may take to start. It opens its history before it answers requests for proofs.
const START_BOUND: Duration = Duration::from_mins(1);

/// Starts the anchor with the configuration file `config` and its log in `folder`, and waits until it answers requests
/// for proofs. It holds `lock` open while it runs.
///
/// # Errors
/// If it ends or does not answer in time; the error has its output.
pub(super) fn start(program: &Path, config: &Path, folder: &Path, lock: &File) -> Result<Server, ChildError> {
    let mut run = command(program, None, Signal::Terminate);
    run.args(["run", "--config"]).arg(config);
    // Variables with settings may belong to another shop.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("SHELFPROOF_") {
            run.env_remove(name);
        }
    }
    let log = folder.join("anchor.log");
    let mut server = Server::start_holding(tools::ANCHOR, run, Signal::Terminate, &log, Some(lock))?;
    server.wait_for(START_BOUND, |log| {
        log.lines().any(|line| line.starts_with("proving on ")).then_some(())
    })?;
    Ok(server)
}

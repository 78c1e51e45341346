//! The anchor as a child process.

use std::env;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::child::{ChildError, Server, Signal, command};
use super::tools;

/// How long the anchor may take until it answers proofs: it opens its history first.
const START_BOUND: Duration = Duration::from_mins(1);

/// Starts the anchor with that configuration, its log in `folder`, and waits until it answers proofs. It holds `lock`
/// open while it runs.
///
/// # Errors
/// With its output, where it does not come to answer.
pub(super) fn start(program: &Path, config: &Path, folder: &Path, lock: &File) -> Result<Server, ChildError> {
    let mut run = command(program, None, Signal::Terminate);
    run.args(["run", "--config"]).arg(config);
    // Settings in the environment may be another shop's.
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

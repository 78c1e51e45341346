//! The anchor of a shop of one machine, as a child: it alone holds the key that anchors.

use std::env;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use super::child::{ChildError, Server, Signal, command};
use super::tools;

/// How long it may take to answer proofs; before that it opens its history.
const START_BOUND: Duration = Duration::from_mins(1);

/// Starts it over that configuration, with its log in `folder`, and waits until it answers proofs. `lock` stays open as
/// long as it runs.
///
/// # Errors
/// With its own words, where it does not come to answer.
pub(super) fn start(program: &Path, config: &Path, folder: &Path, lock: &File) -> Result<Server, ChildError> {
    let mut run = command(program, None, Signal::Terminate);
    run.args(["run", "--config"]).arg(config);
    // What the environment says may be meant for another shop.
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

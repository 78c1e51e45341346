//! Child processes, which end with the test even if the test is killed.

use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

pub use shelfproof::dev::child::{
    ChildError, Server, Signal, below, command, is_running, kill_with_children, run, send, spawn,
};

/// How long processes may take to end.
const END_BOUND: Duration = Duration::from_mins(2);

/// The pause between two polls.
const POLL: Duration = Duration::from_millis(20);

/// Waits until all of these processes have ended.
///
/// # Errors
/// The processes that are still running.
pub fn wait_until_gone(processes: &[u32]) -> Result<()> {
    let end = Instant::now() + END_BOUND;
    loop {
        let left: Vec<u32> = processes.iter().copied().filter(|pid| is_running(*pid)).collect();
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(format!("still running after {END_BOUND:?}: {left:?}").into());
        }
        thread::sleep(POLL);
    }
}

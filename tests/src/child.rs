//! Child processes that cannot outlive the test.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

pub use shelfproof::dev::child::{
    ChildError, Server, Signal, command, is_running, kill_with_children, run, send, spawn,
};

/// How long processes may take to end.
const END_BOUND: Duration = Duration::from_mins(2);

/// How often is looked.
const POLL: Duration = Duration::from_millis(20);

/// The processes below that one: its children, and theirs.
///
/// # Errors
/// Where `ps` cannot be asked.
pub fn below(parent: u32) -> Result<Vec<u32>> {
    let output = Command::new("ps").args(["-e", "-o", "pid=,ppid="]).output()?;
    let text = String::from_utf8(output.stdout)?;
    let pairs: Vec<(u32, u32)> = text
        .lines()
        .filter_map(|line| {
            let mut numbers = line.split_whitespace().map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        })
        .collect();
    let mut found = vec![parent];
    let mut at = 0;
    while at < found.len() {
        let parent = found[at];
        found.extend(pairs.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    Ok(found.split_off(1))
}

/// Waits until all of them have ended.
///
/// # Errors
/// With those that do not.
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

//! `audit_memory` and `follow_memory`: the most memory of an auditor and of a mirror over 10,000,000 events, each
//! killed on its way and started again, compared with the same over the first tenth of them.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use shelfproof_tests::Result;
use shelfproof_tests::vector_chain::block_on;

use super::Sample;
use super::memory::memory_mb;
use super::published::Published;

/// The number of epochs, and of the events in each. From the second epoch on, every fifth event is the second of a key.
const EPOCHS: u64 = 100;
const EVENTS: u64 = 100_000;
const AGAIN: u64 = EVENTS / 5;

/// The pause between two looks at a process.
const LOOK: Duration = Duration::from_millis(20);
/// The longest that a process may take.
const BOUND: Duration = Duration::from_mins(30);

pub(super) fn run(folder: &Path) -> Result<Vec<Sample>> {
    block_on(measure(folder))?
}

async fn measure(folder: &Path) -> Result<Vec<Sample>> {
    let mut merchant = Published::start(&folder.join("merchant")).await?;
    let mut peaks = Vec::new();
    for (from, to) in [(1, EPOCHS / 10), (EPOCHS / 10 + 1, EPOCHS)] {
        for number in from..=to {
            let again = if number == 1 { 0 } else { AGAIN };
            merchant.add(EVENTS - again, again).await?;
        }
        let (mirror, quarter) = mirror_peak(&merchant, folder, to)?;
        peaks.push([audit_peak(&merchant, folder, to, quarter)?, mirror]);
    }
    let sample = |name: &str, side: usize| Sample {
        name: name.to_owned(),
        unit: "MB",
        ours: vec![peaks[1][side]],
        baseline: vec![peaks[0][side]],
        goal: "ratio <= 2",
        settings: format!(
            "peak resident set (VmHWM) over {EPOCHS} epochs of {EVENTS} events, killed on the way and started again; \
             baseline: the same over {} epochs",
            EPOCHS / 10
        ),
    };
    Ok(vec![sample("audit_memory", 0), sample("follow_memory", 1)])
}

/// The peak of a mirror up to the epoch `to`, and the time that it took for the first quarter, after which it was
/// killed.
fn mirror_peak(merchant: &Published, folder: &Path, to: u64) -> Result<(f64, Duration)> {
    let mirror = tempfile::tempdir_in(folder)?;
    let has = |number: u64| mirror.path().join(format!("proofs/{number:010}.proofs")).exists();
    let start = Instant::now();
    let first = watch(merchant.follow(mirror.path())?, || has(to / 4))?;
    let quarter = start.elapsed();
    let second = watch(merchant.follow(mirror.path())?, || has(to))?;
    if first.ended.is_some() || second.ended.is_some() {
        return Err("the mirror ended by itself".into());
    }
    Ok((first.peak_mb.max(second.peak_mb), quarter))
}

/// The peak of an auditor up to the epoch `to`, who was killed after that time.
fn audit_peak(merchant: &Published, folder: &Path, to: u64, kill_after: Duration) -> Result<f64> {
    let state = tempfile::tempdir_in(folder)?;
    let start = Instant::now();
    let first = watch(merchant.audit(state.path())?, || start.elapsed() > kill_after)?;
    let second = watch(merchant.audit(state.path())?, || false)?;
    let said: Value = serde_json::from_slice(&second.said)?;
    let replayed = said["replayedEpochs"].as_u64().unwrap_or(to);
    let kept = second.ended.is_some_and(|status| status.success()) && said["epoch"] == to;
    if first.ended.is_some() || !kept || replayed == to {
        return Err(format!("the audit did not go on where it was killed: {said}").into());
    }
    Ok(first.peak_mb.max(second.peak_mb))
}

/// What was seen of a process.
struct Watched {
    /// The most memory that it used.
    peak_mb: f64,
    /// How it ended; `None` if it was killed.
    ended: Option<ExitStatus>,
    /// What it wrote to its output, if it ended.
    said: Vec<u8>,
}

/// Runs a process until it ends, or until `enough`, and then kills it.
fn watch(mut command: Command, enough: impl Fn() -> bool) -> Result<Watched> {
    let mut child = Killed(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    let (start, mut peak_mb) = (Instant::now(), 0.0_f64);
    loop {
        // A process that just ended has no memory any more.
        peak_mb = memory_mb(child.0.id(), "VmHWM").map_or(peak_mb, |now| now.max(peak_mb));
        if let Some(status) = child.0.try_wait()? {
            let mut said = Vec::new();
            if let Some(mut out) = child.0.stdout.take() {
                out.read_to_end(&mut said)?;
            }
            return Ok(Watched {
                peak_mb,
                ended: Some(status),
                said,
            });
        }
        if enough() {
            return Ok(Watched {
                peak_mb,
                ended: None,
                said: Vec::new(),
            });
        }
        if start.elapsed() > BOUND {
            return Err(format!("a process still runs after {BOUND:?}").into());
        }
        thread::sleep(LOOK);
    }
}

/// A process that is killed when this is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

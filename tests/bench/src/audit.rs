//! `audit` and `audit_light`: whole processes of `shelfproof-verify audit` over published epochs on a chain.
//!
//! The full audit replays every epoch into a history map of its own. Its baseline is the map alone, which takes the same
//! updates epoch by epoch. The light audit starts after the first epoch, with the deltas in the place of a map. Its
//! baseline reads the same files and hashes their bytes.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use sha2::{Digest, Sha256};
use shelfproof_tests::Result;
use shelfproof_tests::vector_chain::block_on;
use shelfproof_verifier::map::Map;
use shelfproof_verifier::{delta, epoch};

use super::idle::wait_until_idle;
use super::map::{Updates, commit, rate, updates_of};
use super::published::Published;
use super::{Sample, alternate};

/// The keys of the first epoch.
const KEYS: u64 = 500_000;
/// The events of each epoch after it, and how many of them are of new keys.
const EVENTS: u64 = 100_000;
const NEW_KEYS: u64 = EVENTS / 5;
/// The number of the last epoch.
const LAST: u64 = 6;

pub(super) fn run(folder: &Path) -> Result<Vec<Sample>> {
    block_on(measure(folder))?
}

async fn measure(folder: &Path) -> Result<Vec<Sample>> {
    let mut merchant = Published::start(&folder.join("merchant")).await?;
    let mut epochs = vec![updates_of(&merchant.add(KEYS, 0).await?, 1)];
    for number in 2..=LAST {
        epochs.push(updates_of(&merchant.add(NEW_KEYS, EVENTS - NEW_KEYS).await?, number));
    }
    let all = epochs.iter().map(Vec::len).sum();
    let (ours, baseline) = alternate(
        || {
            let state = tempfile::tempdir_in(folder)?;
            audited(merchant.audit(state.path())?, all)
        },
        || map_alone(tempfile::tempdir_in(folder)?.path(), &epochs),
    )?;
    let since_first = epochs.iter().skip(1).map(Vec::len).sum();
    let (light, hashed) = alternate(
        || {
            let mut command = merchant.audit(folder)?;
            command.args(["--since", "1"]);
            audited(command, since_first)
        },
        || hash_files(&merchant.data(), since_first),
    )?;
    let sample = |name: &str, ours, baseline, goal, settings| Sample {
        name: name.to_owned(),
        unit: "events/s",
        ours,
        baseline,
        goal,
        settings,
    };
    let sizes = format!("{EVENTS} events an epoch, 80 % of them of {KEYS} keys of the first epoch");
    Ok(vec![
        sample(
            "audit",
            ours,
            baseline,
            "ratio >= 0.6",
            format!("{LAST} epochs, {sizes}; whole process; baseline: the history map alone, with the same updates"),
        ),
        sample(
            "audit_light",
            light,
            hashed,
            "reported",
            format!("{sizes}; whole process, --since 1; baseline: reading the same files and hashing their bytes"),
        ),
    ])
}

/// Runs an audit of so many events, which must find nothing. Returns the events per second.
fn audited(mut command: Command, events: usize) -> Result<f64> {
    wait_until_idle()?;
    let start = Instant::now();
    let output = command.output()?;
    let events_per_second = rate(events, start);
    let said: Value = serde_json::from_slice(&output.stdout)?;
    if output.status.success() && said["replayedEvents"] == events {
        Ok(events_per_second)
    } else {
        Err(format!("the audit says {said}: {}", String::from_utf8_lossy(&output.stderr)).into())
    }
}

/// The updates per second of a new map that takes all of these epochs.
fn map_alone(folder: &Path, epochs: &[Updates]) -> Result<f64> {
    wait_until_idle()?;
    let start = Instant::now();
    let mut map = Map::open(folder.join("map"))?;
    for updates in epochs {
        commit(&mut map, updates)?;
    }
    Ok(rate(epochs.iter().map(Vec::len).sum(), start))
}

/// Reads and hashes what a light audit after the first epoch reads of these events.
fn hash_files(data: &Path, events: usize) -> Result<f64> {
    wait_until_idle()?;
    let start = Instant::now();
    for number in 2..=LAST {
        for path in [epoch::data_path(number), delta::delta_path(number)] {
            black_box(Sha256::digest(fs::read(data.join(path))?));
        }
    }
    Ok(rate(events, start))
}

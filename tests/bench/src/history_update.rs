//! `history_update`: an epoch of 100,000 updates, from sorted records to a durable root.
//!
//! Ours is the history map, which also finds the heads that the records follow. The baseline is `nomt`, called directly with the same keys and the same committed values.
//! Where the system forbids io_uring, the baseline is `fjall`, which writes the same leaves one by one and computes no
//! root. Four of five updates are to existing keys at random places; every fifth is of a new key. Both end with the
//! data synced to disk.

use std::collections::BTreeMap;
use std::path::Path;

use alloy_primitives::keccak256;
use shelfproof_verifier::B256;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::history::Head;
use shelfproof_verifier::map::Map;

use super::map::{Updates, commit, timed};
use super::{ROUNDS, Sample};
use shelfproof_tests::Result;

mod baseline;

use baseline::Baseline;

const UPDATES: u64 = 100_000;
const NEW_KEYS: u64 = UPDATES / 5;
const SMALL: u64 = 2_000_000;
const LARGE: u64 = 8_000_000;
/// Keys are loaded in epochs of this size, the largest that the protocol allows.
const LOAD: u64 = 1 << 20;

/// Runs the benchmark with its stores below `dir`, which it leaves for the caller to delete.
///
/// # Errors
/// If a store fails, or if `nomt` and ours come to different roots.
pub(super) fn run(dir: &Path) -> Result<Vec<Sample>> {
    let mut ours = LoadedMap::new(Map::open(dir.join("map"))?);
    let mut theirs = Baseline::open(&dir.join("baseline"), SMALL)?;
    ours.load(SMALL, |updates| theirs.write(updates).map(drop))?;

    let (mut at_small, mut baseline) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS as u64 {
        let updates = ours.next_updates(round);
        // The order changes each round, so that neither side always runs on a warm machine.
        let (rate, other) = if round % 2 == 0 {
            let rate = ours.timed(&updates)?;
            (rate, theirs.timed(&updates)?)
        } else {
            let other = theirs.timed(&updates)?;
            (ours.timed(&updates)?, other)
        };
        theirs.agrees_with(ours.map.root())?;
        at_small.push(rate);
        baseline.push(other);
    }
    let settings = theirs.settings();
    drop(theirs);

    ours.load(LARGE, |_| Ok(()))?;
    let mut at_large = Vec::new();
    for round in 0..ROUNDS as u64 {
        let updates = ours.next_updates(ROUNDS as u64 + round);
        at_large.push(ours.timed(&updates)?);
    }
    let sample = |name: &str, ours: Vec<f64>, baseline: Vec<f64>, goal, settings| Sample {
        name: name.to_owned(),
        unit: "updates/s",
        ours,
        baseline,
        goal,
        settings,
    };
    Ok(vec![
        sample("history_update", at_small.clone(), baseline, "ratio >= 1.0", settings),
        sample(
            "history_update_growth",
            at_large,
            at_small,
            "ratio >= 0.5",
            format!("{UPDATES} updates at {LARGE} keys against the same at {SMALL}"),
        ),
    ])
}

/// Our map, and the number of keys in it.
struct LoadedMap {
    map: Map,
    keys: u64,
}

impl LoadedMap {
    fn new(map: Map) -> Self {
        Self { map, keys: 0 }
    }

    /// Fills the map up to `keys` keys, and passes each epoch to `also`.
    fn load(&mut self, keys: u64, mut also: impl FnMut(&Updates) -> Result<()>) -> Result<()> {
        while self.keys < keys {
            let upto = keys.min(self.keys + LOAD);
            let updates = (self.keys..upto)
                .map(|index| (key(index), head(index, 1)))
                .collect::<BTreeMap<_, _>>();
            let updates: Updates = updates.into_iter().collect();
            commit(&mut self.map, &updates)?;
            also(&updates)?;
            self.keys = upto;
        }
        Ok(())
    }

    /// Returns the next epoch: updates to random existing keys, and new keys.
    fn next_updates(&mut self, round: u64) -> Updates {
        let mut updates = BTreeMap::new();
        let mut draw = 0;
        while (updates.len() as u64) < UPDATES - NEW_KEYS {
            draw += 1;
            let index = random(round, draw) % self.keys;
            updates.insert(key(index), head(index, 2 + round));
        }
        updates.extend((self.keys..self.keys + NEW_KEYS).map(|index| (key(index), head(index, 1))));
        self.keys += NEW_KEYS;
        updates.into_iter().collect()
    }

    /// Returns the updates per second.
    fn timed(&mut self, updates: &Updates) -> Result<f64> {
        timed(&mut self.map, updates)
    }
}

/// Returns the key with that number. Keys look random, and are the same in every run.
fn key(index: u64) -> B256 {
    keccak256(index.to_be_bytes())
}

fn head(index: u64, version: u64) -> Head {
    let hash = keccak256([index.to_be_bytes(), version.to_be_bytes()].concat());
    let version = u32::try_from(version).unwrap_or(u32::MAX);
    Head {
        version,
        hash,
        kind: Kind::Activated,
        at_ms: 1_790_000_000_000 + index,
        epoch: u64::from(version),
    }
}

/// Returns a number that looks random.
fn random(round: u64, draw: u64) -> u64 {
    let hash = keccak256([round.to_be_bytes(), draw.to_be_bytes()].concat());
    hash.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

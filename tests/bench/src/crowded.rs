//! `crowded`: an epoch of 4,096 events among 16,000 key ids that were made up to share their first 48 bits, compared
//! with the same among 16,000 ids as codes have them. Both maps hold as many ordinary keys besides, and both end with
//! the epoch on disk.

use std::path::Path;

use alloy_primitives::keccak256;
use shelfproof_tests::Result;
use shelfproof_verifier::B256;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::history::Head;
use shelfproof_verifier::map::Map;

use super::map::{Updates, commit, timed};
use super::{ROUNDS, Sample, in_turn};

/// The ordinary keys in each map.
const KEYS: u64 = 500_000;
/// The ids that crowd one place, or do not.
const CROWD: u64 = 16_000;
/// The events of a measured epoch.
const EVENTS: u64 = 4_096;

pub(super) fn run(folder: &Path) -> Result<Vec<Sample>> {
    let mut maps = [
        Loaded::new(&folder.join("crowded"), 6)?,
        Loaded::new(&folder.join("spread"), 0)?,
    ];
    let (ours, baseline) = in_turn(&mut maps, ROUNDS, |maps| maps[0].timed(), |maps| maps[1].timed())?;
    Ok(vec![Sample {
        name: "crowded".to_owned(),
        unit: "events/s",
        ours,
        baseline,
        goal: "ratio >= 0.5",
        settings: format!(
            "{EVENTS} events among {CROWD} ids below one prefix of 48 bits, in a map of {KEYS} other keys; baseline: \
             the same among {CROWD} ids that share no prefix"
        ),
    }])
}

/// A map with all keys, and the epochs measured so far.
struct Loaded {
    map: Map,
    /// The bytes that the crowd shares.
    shared: usize,
    epochs: u64,
}

impl Loaded {
    fn new(path: &Path, shared: usize) -> Result<Self> {
        let mut map = Map::open(path)?;
        let ordinary = (0..KEYS).map(|number| (keccak256(number.to_be_bytes()), head(number)));
        let crowd = (0..CROWD).map(|number| (id(number, shared), head(number)));
        let mut updates: Updates = ordinary.chain(crowd).collect();
        updates.sort_unstable_by_key(|(key, _)| *key);
        commit(&mut map, &updates)?;
        Ok(Self { map, shared, epochs: 0 })
    }

    /// The events per second of the next epoch. Its keys are spread over the crowd, other ones each time.
    fn timed(&mut self) -> Result<f64> {
        self.epochs += 1;
        let of_epoch = |at: u64| (at * 7 + self.epochs * EVENTS) % CROWD;
        let mut updates: Updates = (0..EVENTS)
            .map(|at| (id(of_epoch(at), self.shared), head(KEYS * self.epochs + at)))
            .collect();
        updates.sort_unstable_by_key(|(key, _)| *key);
        timed(&mut self.map, &updates)
    }
}

/// The id with that number in the crowd.
fn id(number: u64, shared: usize) -> B256 {
    // After the numbers of the ordinary keys: no id is of both.
    let mut id = keccak256((KEYS + number).to_be_bytes());
    id[..shared].fill(0xC0);
    id
}

fn head(number: u64) -> Head {
    Head {
        version: 2,
        hash: keccak256(number.to_be_bytes()),
        kind: Kind::Activated,
        at_ms: number,
        epoch: 1,
    }
}

//! `seal`: an epoch of 100,000 events, from committed rows to the chain's newest block.
//!
//! Ours is the anchor's own sequence over a durable PostgreSQL cluster and an anvil node that mines immediately; data and
//! delta are published on the way. The baseline is the history map alone, which finds the heads, plans and commits the
//! same updates over a separate map of the same size.
//! Four of five events are of existing keys, in the order of the keys, as in sales; every fifth is of a new key. Both
//! must end at the same root.

use std::path::Path;
use std::time::Instant;

use shelfproof_anchor::store::events::NewEvent;
use shelfproof_verifier::map::Map;

use super::idle::wait_until_idle;
use super::map::{commit, timed, updates_of};
use super::{ROUNDS, Sample};
use shelfproof_tests::Result;
use shelfproof_tests::event_writer::EventWriter;
use shelfproof_tests::vector_chain::block_on;

mod pipeline;
mod timeline;

use pipeline::{Pipeline, SALES};
use timeline::{Timeline, medians_ms};

/// The number of keys that exist before the measurement.
const KEYS: i64 = 500_000;
/// The number of events in a measured epoch.
const EVENTS: u32 = 100_000;
/// One event of so many is of a new key.
const NEW_EVERY: i64 = 5;

pub(super) fn run(folder: &Path) -> Result<Vec<Sample>> {
    block_on(measure(folder))?
}

async fn measure(folder: &Path) -> Result<Vec<Sample>> {
    let timeline = Timeline::default();
    let mut pipeline = Pipeline::build(folder, &timeline).await?;
    let mut map = Map::open(folder.join("map"))?;
    let mut source = EventSource::default();

    let events = source.first()?;
    pipeline.load(&events).await?;
    commit(&mut map, &updates_of(events.iter().map(|new| &new.event), 1))?;
    drop(events);
    pipeline.post().await?;
    pipeline.finish(map.root()).await?;

    let (mut ours, mut to_map, mut baseline) = (Vec::new(), Vec::new(), Vec::new());
    let (mut steps, mut readings) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let events = source.next()?;
        let updates = updates_of(events.iter().map(|new| &new.event), map.epoch().0 + 1);
        pipeline.write(&events).await?;
        drop(events);
        let ours_first = round % 2 == 0;
        // The order changes each round, so that neither side always runs on the machine as the other left it.
        if !ours_first {
            baseline.push(timed(&mut map, &updates)?);
        }
        wait_until_idle()?;
        timeline.begin();
        let start = Instant::now();
        pipeline.post().await?;
        let posted_s = start.elapsed().as_secs_f64();
        steps.push(timeline.end("wait for the block"));
        if ours_first {
            baseline.push(timed(&mut map, &updates)?);
        }
        let finished_s = pipeline.finish(map.root()).await?;
        readings.push(pipeline.read_again().await?);
        ours.push(f64::from(EVENTS) / posted_s);
        to_map.push(f64::from(EVENTS) / (posted_s + finished_s));
    }
    let settings = format!(
        "{EVENTS} events an epoch, 80 % of them of {KEYS} keys that are there, written by transactions of {SALES}; fsync; \
         until final and in the map too {:.0} events/s; ms a step: {}; reading the rows again {:.0}; \
         data and delta published; baseline: the history map's heads, plan and commit of the same updates",
        median(&to_map),
        medians_ms(&steps),
        median(&readings) * 1e3,
    );
    Ok(vec![Sample {
        name: "seal".to_owned(),
        unit: "events/s",
        ours,
        baseline,
        goal: "ratio >= 0.6",
        settings,
    }])
}

/// Makes the events of each epoch, and counts the existing keys and those that have a second event.
#[derive(Default)]
struct EventSource {
    events: EventWriter,
    keys: i64,
    touched: i64,
}

impl EventSource {
    /// Returns the first event of each of the [`KEYS`] keys.
    fn first(&mut self) -> Result<Vec<NewEvent>> {
        self.keys = KEYS;
        self.events.next(1..=KEYS)
    }

    /// Returns the events of the next epoch.
    fn next(&mut self) -> Result<Vec<NewEvent>> {
        let mut keys = Vec::new();
        for at in 1..=i64::from(EVENTS) {
            let newest = if at % NEW_EVERY == 0 {
                &mut self.keys
            } else {
                &mut self.touched
            };
            *newest += 1;
            keys.push(*newest);
        }
        self.events.next(keys)
    }
}

/// Returns the median.
fn median(rounds: &[f64]) -> f64 {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

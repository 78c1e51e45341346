//! `tree_build`: computes `eventsRoot` of a million events from structs, compared with the same number of keccak calls
//! on the same bytes.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use alloy_primitives::{B256, keccak256};
use shelfproof_verifier::event::{EVENT_ABI_BYTES, KeyEvent, Kind, RawEvent};
use shelfproof_verifier::tree::EventsTree;

use super::{Sample, alternate};
use shelfproof_tests::Result;

const EVENTS: u64 = 1_000_000;

/// Measures on one thread.
pub(super) fn one_thread(_: &Path) -> Result<Vec<Sample>> {
    measure("tree_build", 1, "ratio <= 1.25")
}

/// Measures on two threads; the baseline runs on one.
pub(super) fn two_threads(_: &Path) -> Result<Vec<Sample>> {
    measure("tree_build_parallel", 2, "ratio <= 1")
}

fn measure(name: &str, threads: usize, goal: &'static str) -> Result<Vec<Sample>> {
    let events: Vec<KeyEvent> = (0..EVENTS).map(event).collect();
    let inputs = Inputs::new(&events)?;
    let ours = || {
        let start = Instant::now();
        let tree = EventsTree::of_events(&events, threads).ok_or("no events")?;
        let seconds = start.elapsed().as_secs_f64();
        if tree.root() != inputs.root {
            return Err("two builds of one tree have two roots".into());
        }
        Ok(seconds)
    };
    let (ours, baseline) = alternate(ours, || Ok(inputs.hash_all()))?;
    let settings = format!(
        "{EVENTS} events; {threads} threads; baseline: 2 × {EVENTS} + {} keccak, 1 thread",
        EVENTS - 1
    );
    Ok(vec![Sample {
        name: name.to_owned(),
        unit: "s",
        ours,
        baseline,
        goal,
        settings,
    }])
}

/// All inputs of keccak in one build, prepared before the measurement starts.
struct Inputs {
    root: B256,
    events: Vec<[u8; EVENT_ABI_BYTES]>,
    leaves: Vec<B256>,
    nodes: Vec<[u8; 64]>,
}

impl Inputs {
    fn new(events: &[KeyEvent]) -> Result<Self> {
        let tree = EventsTree::of_events(events, 1).ok_or("no events")?;
        let encoded: Vec<_> = events.iter().map(|event| RawEvent::from(*event).abi_encode()).collect();
        let leaves = encoded.iter().map(keccak256).collect();
        let (_, children) = tree.nodes().split_at(1);
        let (pairs, _) = children.as_chunks::<2>();
        let pair = |[one, other]: &[B256; 2]| {
            let mut both = [0; 64];
            both[..32].copy_from_slice(one.min(other).as_slice());
            both[32..].copy_from_slice(one.max(other).as_slice());
            both
        };
        Ok(Self {
            root: tree.root(),
            events: encoded,
            leaves,
            nodes: pairs.iter().map(pair).collect(),
        })
    }

    fn hash_all(&self) -> f64 {
        let start = Instant::now();
        self.events.iter().for_each(|bytes| {
            black_box(keccak256(bytes));
        });
        self.leaves.iter().for_each(|bytes| {
            black_box(keccak256(bytes));
        });
        self.nodes.iter().for_each(|bytes| {
            black_box(keccak256(bytes));
        });
        start.elapsed().as_secs_f64()
    }
}

fn event(index: u64) -> KeyEvent {
    KeyEvent {
        key_id: keccak256(index.to_be_bytes()),
        version: 1,
        kind: Kind::Generated,
        at_ms: 1_790_000_000_000 + index,
        prev: B256::ZERO,
        payload: keccak256([index.to_be_bytes(), index.to_le_bytes()].concat()),
    }
}

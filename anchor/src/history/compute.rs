//! Computes an epoch from its events, on top of the newest one: new heads, roots, data and hash.

use std::num::NonZero;
use std::thread;

use alloy_primitives::B256;
use shelfproof_verifier::audit::{self, Breach, EventsByKey};
use shelfproof_verifier::breach::Rule;
use shelfproof_verifier::epoch::{self, DataError, Header, MAX_EVENTS};
use shelfproof_verifier::event::{EVENT_BYTES, HashedEvent, RawEvent};
use shelfproof_verifier::history::Head;
use shelfproof_verifier::map::{Followed, Overlay, Plan};
use shelfproof_verifier::tree::EventsTree;

use super::error::HistoryError;
use super::newest::newest_events;
use super::published::Published;

/// A computed epoch that is not written anywhere yet.
pub struct ComputedEpoch {
    pub header: Header,
    pub hash: B256,
    /// The latest time of its events, Unix milliseconds.
    pub newest_at_ms: u64,
    /// The content of its data file.
    pub data: Vec<u8>,
    /// The content of its delta file.
    pub delta: Vec<u8>,
    pub(super) tree: EventsTree,
    pub(super) links: Vec<u64>,
    pub(super) plan: Plan,
}

/// Computes the next epoch above `overlay`, in a block of that time (Unix seconds). `published` has the epochs below.
/// Memory: its data and its delta, which may be three times as large.
pub(super) fn compute_epoch(
    overlay: &Overlay,
    published: &Published,
    merchant_id: &B256,
    events: &[RawEvent],
    anchored_at_s: u64,
) -> Result<ComputedEpoch, HistoryError> {
    let (tip, parent) = overlay.tip();
    let number = tip.saturating_add(1);
    check_form(number, events)?;
    let by_key = EventsByKey::new(events.iter().map(|event| event.key_id));
    if let Some(key) = overlay.crowded(by_key.keys())? {
        return Err(Breach::key_ids(number, &key).into());
    }
    // Exactly as an auditor does it.
    let Followed {
        heads,
        updates,
        trie,
        plan,
    } = overlay.follow(by_key.keys(), |range, heads| {
        let hashed: Vec<HashedEvent> = events[by_key.of(range)].iter().map(|event| (*event).into()).collect();
        audit::advance(&hashed, heads, number, anchored_at_s).map_err(HistoryError::from)
    })?;
    let mut delta = newest_events(published, by_key.keys(), &heads, threads())?;
    delta.extend(trie);
    let (links, leaves) = links_and_leaves(number, events, &heads, &updates);
    let tree = EventsTree::of_leaves(leaves, threads()).ok_or_else(|| not_in_form(number, DataError::Length(0)))?;
    let mut data = Vec::with_capacity(events.len() * EVENT_BYTES);
    for event in events {
        data.extend_from_slice(&event.to_bytes());
    }
    let header = Header {
        number,
        parent,
        events_root: tree.root(),
        history_root: plan.root(),
        event_count: events.len() as u64,
        data_hash: epoch::data_hash(&data),
    };
    Ok(ComputedEpoch {
        header,
        hash: header.hash(merchant_id),
        newest_at_ms: events.iter().map(|event| event.at_ms).max().unwrap_or_default(),
        data,
        delta,
        tree,
        links,
        plan,
    })
}

/// Checks the number and the order of an epoch's events.
fn check_form(number: u64, events: &[RawEvent]) -> Result<(), Breach> {
    if events.is_empty() || events.len() as u64 > MAX_EVENTS {
        return Err(not_in_form(number, DataError::Length(events.len() * EVENT_BYTES)));
    }
    let place = |event: &RawEvent| (event.key_id, event.version);
    if let Some(index) = events.windows(2).position(|pair| place(&pair[0]) > place(&pair[1])) {
        return Err(not_in_form(number, DataError::Order(index + 1)));
    }
    match events.windows(2).find(|pair| place(&pair[0]) == place(&pair[1])) {
        Some(twice) => {
            let (key, version) = place(&twice[0]);
            let detail = format!("epoch {number}, key {key}, version {version}: it is there twice");
            Err(breach_of(Rule::VersionGap, detail))
        }
        None => Ok(()),
    }
}

fn not_in_form(number: u64, error: DataError) -> Breach {
    breach_of(Rule::Inclusion, format!("epoch {number}: {error}"))
}

const fn breach_of(rule: Rule, detail: String) -> Breach {
    Breach {
        rule,
        detail,
        proof: None,
    }
}

/// For each event, the epoch that holds its key's previous version, 0 for none; and the events' hashes. No event is
/// hashed again, for that takes the most time: each but the last of its key has its hash in the next one's `prev`, and
/// the last one's is in the new head.
fn links_and_leaves(
    number: u64,
    events: &[RawEvent],
    heads: &[Option<Head>],
    updates: &[(B256, Head)],
) -> (Vec<u64>, Vec<B256>) {
    let (mut links, mut leaves) = (Vec::with_capacity(events.len()), Vec::with_capacity(events.len()));
    let keys = events.chunk_by(|a, b| a.key_id == b.key_id);
    for ((events, before), (_, after)) in keys.zip(heads).zip(updates) {
        links.push(before.map_or(0, |head| head.epoch));
        links.resize(links.len() + events.len() - 1, number);
        leaves.extend(events.iter().skip(1).map(|event| event.prev));
        leaves.push(after.hash);
    }
    (links, leaves)
}

/// The number of the machine's processors.
pub(crate) fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

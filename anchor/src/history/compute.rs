//! Computes an epoch from its events, on top of the newest one: new heads, roots, data and hash.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use alloy_primitives::B256;
use shelfproof_verifier::audit::{self, Breach};
use shelfproof_verifier::epoch::{self, DataError, Header, MAX_EVENTS};
use shelfproof_verifier::event::{EVENT_BYTES, RawEvent};
use shelfproof_verifier::history::Head;
use shelfproof_verifier::map::{Overlay, Plan};
use shelfproof_verifier::tree::EventsTree;
use shelfproof_verifier::vocabulary::breach::Rule;

use super::error::HistoryError;
use super::newest::newest_events;
use super::published::Published;

/// With fewer events a thread costs more than it saves.
const EVENTS_A_THREAD: usize = 1 << 12;

/// A computed epoch that is not written anywhere yet.
pub struct ComputedEpoch {
    pub header: Header,
    pub hash: B256,
    /// The content of its data file.
    pub data: Vec<u8>,
    /// The content of its delta file.
    pub delta: Vec<u8>,
    pub(super) tree: EventsTree,
    pub(super) links: Vec<u64>,
    pub(super) updates: Vec<(B256, Head)>,
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
    if let Some(key) = overlay.crowded(&audit::keys_of(events))? {
        return Err(Breach::key_ids(number, &key).into());
    }
    let follower = Follower {
        overlay,
        published,
        number,
        anchored_at_s,
    };
    let Followed {
        updates,
        links,
        leaves,
        newest: mut delta,
    } = follower.follow_all(events)?;
    let (plan, trie) = overlay.plan_and_open(&updates)?;
    delta.extend(trie);
    let tree = EventsTree::of_leaves(leaves, threads()).ok_or_else(|| not_in_form(number, DataError::Length(0)))?;
    let data: Vec<u8> = events.iter().flat_map(RawEvent::to_bytes).collect();
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
        data,
        delta,
        tree,
        links,
        updates,
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

/// The result of following events from their keys' heads.
struct Followed {
    /// The keys' new heads.
    updates: Vec<(B256, Head)>,
    /// For each event, the epoch that holds its key's previous version; 0 for none.
    links: Vec<u64>,
    /// The events' hashes.
    leaves: Vec<B256>,
    /// The keys' newest events before, as the delta has them.
    newest: Vec<u8>,
}

/// Checks events against the heads of the epochs below.
struct Follower<'a> {
    overlay: &'a Overlay,
    published: &'a Published,
    number: u64,
    anchored_at_s: u64,
}

impl Follower<'_> {
    /// Follows an epoch's events, on several threads where that is faster.
    fn follow_all(&self, events: &[RawEvent]) -> Result<Followed, HistoryError> {
        let mut shares = shares(events, threads());
        let Some(last) = shares.pop().filter(|_| !shares.is_empty()) else {
            return self.follow(events);
        };
        let followed = thread::scope(|scope| {
            let others: Vec<_> = shares
                .into_iter()
                .map(|share| scope.spawn(|| self.follow(share)))
                .collect();
            let last = self.follow(last);
            let others = others
                .into_iter()
                // A panic goes on where it would have without the thread.
                .map(|other| other.join().unwrap_or_else(|panic| resume_unwind(panic)));
            others.chain([last]).collect::<Vec<_>>()
        });
        let mut all = Followed {
            updates: Vec::with_capacity(events.len()),
            links: Vec::with_capacity(events.len()),
            leaves: Vec::with_capacity(events.len()),
            newest: Vec::new(),
        };
        for share in followed {
            let share = share?;
            all.updates.extend(share.updates);
            all.links.extend(share.links);
            all.leaves.extend(share.leaves);
            all.newest.extend(share.newest);
        }
        Ok(all)
    }

    /// Follows the events of whole keys, exactly as an auditor does.
    fn follow(&self, events: &[RawEvent]) -> Result<Followed, HistoryError> {
        let keys = audit::keys_of(events);
        let heads = self.overlay.heads(&keys)?;
        let updates = audit::advance(events, &heads, self.number, self.anchored_at_s)?;
        let newest = newest_events(self.published, &keys, &heads)?;
        let (mut links, mut leaves) = (Vec::with_capacity(events.len()), Vec::with_capacity(events.len()));
        let keys = events.chunk_by(|a, b| a.key_id == b.key_id);
        for ((events, before), (_, after)) in keys.zip(&heads).zip(&updates) {
            links.push(before.map_or(0, |head| head.epoch));
            links.resize(links.len() + events.len() - 1, self.number);
            // No event is hashed again, for that takes the most time: each but the last has its hash in the next one's
            // `prev`, and the last one's is in the new head.
            leaves.extend(events.iter().skip(1).map(|event| event.prev));
            leaves.push(after.hash);
        }
        Ok(Followed {
            updates,
            links,
            leaves,
            newest,
        })
    }
}

/// Cuts events into at most `count` shares of whole keys.
fn shares(events: &[RawEvent], count: usize) -> Vec<&[RawEvent]> {
    let length = events.len().div_ceil(count.max(1)).max(EVENTS_A_THREAD);
    let (mut shares, mut rest) = (Vec::new(), events);
    while let Some(last) = rest.get(length - 1) {
        let end = length + rest[length..].partition_point(|event| event.key_id == last.key_id);
        let (share, after) = rest.split_at(end);
        shares.push(share);
        rest = after;
    }
    shares.extend((!rest.is_empty()).then_some(rest));
    shares
}

/// The number of the machine's processors.
pub(crate) fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

//! Computes an epoch from its events, on top of the newest one: new heads, roots, data and hash.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::thread;

use alloy_primitives::B256;
use shelfproof_verifier::audit::{self, Breach};
use shelfproof_verifier::epoch::{self, DataError, Header, MAX_EVENTS};
use shelfproof_verifier::event::{EVENT_BYTES, KeyEvent};
use shelfproof_verifier::history::Head;
use shelfproof_verifier::map::{Overlay, Plan};
use shelfproof_verifier::tree::EventsTree;
use shelfproof_verifier::vocabulary::breach::Rule;

use super::error::HistoryError;

/// With fewer events a thread costs more than it saves.
const EVENTS_A_THREAD: usize = 1 << 12;

/// A computed epoch that is not written anywhere yet.
pub struct ComputedEpoch {
    pub header: Header,
    pub hash: B256,
    /// The content of its data file.
    pub data: Vec<u8>,
    pub(super) tree: EventsTree,
    pub(super) links: Vec<u64>,
    pub(super) updates: Vec<(B256, Head)>,
    pub(super) plan: Plan,
}

/// Computes the next epoch above `overlay`, in a block of that time (Unix seconds).
pub(super) fn compute_epoch(
    overlay: &Overlay,
    merchant_id: &B256,
    events: &[KeyEvent],
    anchored_at_s: u64,
) -> Result<ComputedEpoch, HistoryError> {
    let (tip, parent) = overlay.tip();
    let number = tip.saturating_add(1);
    check_form(number, events)?;
    let follower = Follower {
        overlay,
        number,
        anchored_at_s,
    };
    let Followed { updates, links, leaves } = follower.follow_all(events)?;
    let plan = overlay.plan(&updates)?;
    let tree = EventsTree::of_leaves(leaves, threads()).ok_or_else(|| form_breach(number, DataError::Length(0)))?;
    let data = epoch::encode_data(events);
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
        tree,
        links,
        updates,
        plan,
    })
}

/// Checks the number and the order of an epoch's events.
fn check_form(number: u64, events: &[KeyEvent]) -> Result<(), Breach> {
    if events.is_empty() || events.len() as u64 > MAX_EVENTS {
        return Err(form_breach(number, DataError::Length(events.len() * EVENT_BYTES)));
    }
    let falls = |pair: &[KeyEvent]| (pair[0].key_id, pair[0].version) >= (pair[1].key_id, pair[1].version);
    match events.windows(2).position(falls) {
        Some(index) => Err(form_breach(number, DataError::Order(index + 1))),
        None => Ok(()),
    }
}

fn form_breach(number: u64, error: DataError) -> Breach {
    Breach {
        rule: Rule::DataForm,
        detail: format!("epoch {number}: {error}"),
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
}

/// Checks events against the heads of the epochs below.
struct Follower<'a> {
    overlay: &'a Overlay,
    number: u64,
    anchored_at_s: u64,
}

impl Follower<'_> {
    /// Follows an epoch's events, on several threads where that is faster.
    fn follow_all(&self, events: &[KeyEvent]) -> Result<Followed, HistoryError> {
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
        };
        for share in followed {
            let share = share?;
            all.updates.extend(share.updates);
            all.links.extend(share.links);
            all.leaves.extend(share.leaves);
        }
        Ok(all)
    }

    /// Follows the events of whole keys, exactly as an auditor does.
    fn follow(&self, events: &[KeyEvent]) -> Result<Followed, HistoryError> {
        let heads = self.overlay.heads(&audit::keys_of(events))?;
        let updates = audit::advance(events, &heads, self.number, self.anchored_at_s)?;
        let (mut links, mut leaves) = (Vec::with_capacity(events.len()), Vec::with_capacity(events.len()));
        let keys = events.chunk_by(|a, b| a.key_id == b.key_id);
        for ((events, before), (_, after)) in keys.zip(&heads).zip(&updates) {
            links.push(before.map_or(0, |head| head.epoch));
            links.resize(links.len() + events.len() - 1, self.number);
            // No event is hashed again, for that takes the most time: each but the last has its hash in the next one's `prev`, and the
            // last one's is in the new head.
            leaves.extend(events.iter().skip(1).map(|event| event.prev));
            leaves.push(after.hash);
        }
        Ok(Followed { updates, links, leaves })
    }
}

/// Cuts events into at most `count` shares of whole keys.
fn shares(events: &[KeyEvent], count: usize) -> Vec<&[KeyEvent]> {
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

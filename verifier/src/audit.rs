//! Protocol §6: the audit. It checks an epoch's published data against the anchored header and the history before it.
//!
//! The steps are pure. The caller runs them for each epoch in order, and the first [`Breach`] ends the audit.
//!
//! - In a full audit the caller keeps the history map, in memory or on disk: [`key_ids_in`] and [`check_key_ids`] with
//!   the map's ids beside them, [`read_epoch`], [`EventsByKey`] and [`advance`] for the updates of the map,
//!   [`check_history_root`] with its new root.
//! - In a light audit [`LightEpoch`] runs the same steps, with the epoch's delta in the place of the map.
//! - Data that cannot be had is a breach by [`is_overdue`] or [`Silence`]; the caller remembers the times.

use std::ops::Range;

use alloy_primitives::B256;

use crate::breach::Rule;
use crate::breach::evidence::Dispute;
use crate::epoch::{self, DataError, Header, latest_event_ms};
use crate::event::{HashedEvent, Kind, RawEvent};
use crate::history::{Before, Head};
use crate::tree::EventsTree;

mod key_ids;
mod light;
mod withheld;

pub use key_ids::{MAX_KEY_IDS, check_key_ids, key_ids_in, prefix_of};
pub use light::{LightEpoch, NotFollowed};
pub use withheld::{SILENT_AFTER_S, Silence, WITHHELD_AFTER_S, is_overdue};

/// A rule that a merchant broke.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", rule.as_str())]
pub struct Breach {
    /// The rule.
    pub rule: Rule,
    /// The place and what is wrong there, in English.
    pub detail: String,
    /// The events that prove it on chain; `None` if no events do.
    pub proof: Option<Box<BreachProof>>,
}

/// The events that prove a breach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreachProof {
    /// What they prove.
    pub dispute: Dispute,
    /// The event that breaks the rule, in the audited epoch.
    pub event: RawEvent,
    /// The event of the same key that it contradicts.
    pub other: OtherEvent,
}

/// Where the other event of a proof is to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherEvent {
    /// Nowhere: the event proves the breach alone.
    None,
    /// In the audited epoch: this event.
    SameEpoch(RawEvent),
    /// In the audited epoch or an earlier one: the key's event with this version.
    Version(u32),
}

impl Breach {
    fn new(rule: Rule, detail: impl Into<String>) -> Self {
        Self {
            rule,
            detail: detail.into(),
            proof: None,
        }
    }
}

/// Reads an epoch's data. The caller must have compared its hash with the header's: data that does not match is no
/// breach, since whoever served it may have changed it.
///
/// # Errors
/// `inclusion` where the data is not `eventCount` records in order or does not give the events root, `version_gap`
/// where a key has one version twice.
pub fn read_epoch(header: &Header, data: &[u8], threads: usize) -> Result<Vec<HashedEvent>, Breach> {
    let number = header.number;
    let inclusion = |what: String| Breach::new(Rule::Inclusion, format!("epoch {number}: {what}"));
    let records = epoch::split_data(data).map_err(|error| inclusion(error.to_string()))?;
    if records.len() as u64 != header.event_count {
        return Err(inclusion(format!(
            "there are {} events, and {} were anchored",
            records.len(),
            header.event_count
        )));
    }
    let place = |record: &RawEvent| (record.key_id, record.version);
    if let Some(index) = records.windows(2).position(|pair| place(&pair[0]) > place(&pair[1])) {
        return Err(inclusion(DataError::Order(index + 1).to_string()));
    }
    let built = EventsTree::with_hashes(&records, threads).filter(|(tree, _)| tree.root() == header.events_root);
    let Some((_, events)) = built else {
        return Err(inclusion("the events have another root than was anchored".to_owned()));
    };
    match records.windows(2).find(|pair| place(&pair[0]) == place(&pair[1])) {
        None => Ok(events),
        Some(twice) => Err(one_version_twice(number, &twice[0], &twice[1])),
    }
}

/// The breach of two records with one key and version. The root matches, so both are leaves; they prove the breach
/// unless they are one and the same.
fn one_version_twice(number: u64, before: &RawEvent, event: &RawEvent) -> Breach {
    let proof = BreachProof {
        dispute: Dispute::Fork,
        event: *event,
        other: OtherEvent::SameEpoch(*before),
    };
    let place = format!("epoch {number}, key {}, version {}", event.key_id, event.version);
    Breach {
        proof: (before != event).then(|| Box::new(proof)),
        ..Breach::new(Rule::VersionGap, format!("{place}: it is there twice"))
    }
}

/// Which of an epoch's events are of which keys, for whoever follows them in parts.
#[derive(Clone, Debug)]
pub struct EventsByKey {
    keys: Vec<B256>,
    /// For each key the index after its last event.
    ends: Vec<usize>,
}

impl EventsByKey {
    /// Of the key ids of all events, in order of (keyId, version).
    #[must_use]
    pub fn new(key_ids: impl Iterator<Item = B256>) -> Self {
        let (mut keys, mut ends) = (Vec::new(), Vec::new());
        for (index, key_id) in key_ids.enumerate() {
            if keys.last() != Some(&key_id) {
                keys.push(key_id);
                ends.push(index);
            }
            if let Some(end) = ends.last_mut() {
                *end = index + 1;
            }
        }
        Self { keys, ends }
    }

    /// The keys of the events, in ascending order, each once.
    #[must_use]
    pub fn keys(&self) -> &[B256] {
        &self.keys
    }

    /// The indexes of the events of a range of the keys.
    #[must_use]
    pub fn of(&self, keys: Range<usize>) -> Range<usize> {
        let end = |keys: usize| keys.checked_sub(1).map_or(0, |last| self.ends[last]);
        end(keys.start)..end(keys.end)
    }
}

/// Follows an epoch's events from the keys' heads before it, given in the order of
/// [`EventsByKey::keys`]. Returns the keys' heads
/// after it, in the same order.
///
/// # Errors
/// The first [`Breach`] of version, link, transition or time, in the data's order.
pub fn advance<H: Copy + Into<Before>>(
    events: &[HashedEvent],
    heads: &[Option<H>],
    number: u64,
    anchored_at_s: u64,
) -> Result<Vec<(B256, Head)>, Breach> {
    let mut updates = Vec::with_capacity(heads.len());
    for (events, head) in events.chunk_by(|a, b| a.event.key_id == b.event.key_id).zip(heads) {
        let mut before: Option<Before> = head.map(Into::into);
        let mut newest = None;
        for event in events {
            let head = follow(before.as_ref(), event, number, anchored_at_s)?;
            before = Some(head.into());
            newest = Some(head);
        }
        updates.extend(events.first().map(|first| first.event.key_id).zip(newest));
    }
    Ok(updates)
}

/// Checks that the map's root after an epoch is the anchored one.
///
/// # Errors
/// A [`Breach`] if it is not.
pub fn check_history_root(header: &Header, root: &B256) -> Result<(), Breach> {
    if header.history_root == *root {
        return Ok(());
    }
    Err(Breach::new(
        Rule::HistoryMismatch,
        format!(
            "epoch {}: the events lead to the history root {root}, anchored was {}",
            header.number, header.history_root
        ),
    ))
}

/// Checks one event against its key's newest event before it, and returns the key's new head.
fn follow(before: Option<&Before>, hashed: &HashedEvent, number: u64, anchored_at_s: u64) -> Result<Head, Breach> {
    let event = &hashed.event;
    let expected_version = before.map_or(1, |before| before.version.saturating_add(1));
    let breach = |rule, proof: Option<(Dispute, OtherEvent)>, what: &str| Breach {
        proof: proof.map(|(dispute, other)| {
            Box::new(BreachProof {
                dispute,
                event: *event,
                other,
            })
        }),
        ..Breach::new(
            rule,
            format!(
                "epoch {number}, key {}, version {}: {what}",
                event.key_id, event.version
            ),
        )
    };
    if event.version != expected_version {
        // A version that the key already has is a second history, and provable. A gap is not: the events that are
        // missing can only be demanded from the merchant.
        let must = format!("version {expected_version} must come here");
        let (what, proof) = match event.version {
            0 => (must, Some((Dispute::BrokenLink, OtherEvent::None))),
            version if version > expected_version => (must, None),
            version => (
                format!("it was there before: {must}"),
                Some((Dispute::Fork, OtherEvent::Version(version))),
            ),
        };
        return Err(breach(Rule::VersionGap, proof, &what));
    }
    let other = before.map_or(OtherEvent::None, |before| OtherEvent::Version(before.version));
    if event.prev != before.map_or(B256::ZERO, |before| before.hash) {
        return Err(breach(
            Rule::BrokenLink,
            Some((Dispute::BrokenLink, other)),
            "prev is not the hash of the event before",
        ));
    }
    let Some(kind) = legal_kind(event.kind, before) else {
        let after = before.map_or_else(|| "nothing".to_owned(), |before| kind_name(before.kind));
        let what = format!("{} after {after}", kind_name(event.kind));
        return Err(breach(
            Rule::IllegalTransition,
            Some((Dispute::IllegalTransition, other)),
            &what,
        ));
    };
    if before.is_some_and(|before| event.at_ms < before.at_ms) {
        return Err(breach(
            Rule::Clock,
            Some((Dispute::IllegalTransition, other)),
            "the time runs back",
        ));
    }
    if event.at_ms > latest_event_ms(anchored_at_s) {
        return Err(breach(
            Rule::Clock,
            None,
            "the time lies over ten minutes after its block",
        ));
    }
    Ok(Head {
        version: event.version,
        hash: hashed.hash,
        kind,
        at_ms: event.at_ms,
        epoch: number,
    })
}

/// The kind with that number, if the protocol has it and it may follow what was before. Nothing may follow a kind that
/// the protocol does not have.
fn legal_kind(number: u8, before: Option<&Before>) -> Option<Kind> {
    let before = match before {
        None => None,
        Some(before) => Some(Kind::from_number(before.kind)?),
    };
    Kind::from_number(number).filter(|kind| kind.may_follow(before))
}

fn kind_name(number: u8) -> String {
    Kind::from_number(number).map_or_else(|| format!("kind {number}"), |kind| kind.name().to_owned())
}

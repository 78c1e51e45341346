//! Protocol §6: the audit. It checks an epoch's published data against the anchored header and the history before it.
//!
//! The steps are pure. The caller keeps the history map, in memory or on disk, and runs them for each epoch in order:
//! [`read_epoch`], then [`keys_of`] for the heads to look up, then [`advance`] for the map's updates, then
//! [`check_history_root`] with the map's new root. The first [`Breach`] ends the audit.

use alloy_primitives::B256;

use crate::epoch::{self, DataError, Header, latest_event_ms};
use crate::event::{KeyEvent, RawEvent};
use crate::history::Head;
use crate::tree::EventsTree;
use crate::vocabulary::breach::Rule;
use crate::vocabulary::evidence::Dispute;

/// How long data may be missing after its epoch is final, seconds.
pub const WITHHELD_AFTER_S: u64 = 3600;

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

    /// The breach of data that could not be fetched in time, or does not match its anchored hash.
    #[must_use]
    pub fn withheld(number: u64) -> Self {
        Self::new(
            Rule::DataWithheld,
            format!("the data of epoch {number} is not to be had, an hour after it was final"),
        )
    }
}

/// Reads an epoch's data. The caller must have compared its hash with the header's: data that does not match is no
/// breach, since whoever served it may have changed it.
///
/// # Errors
/// A [`Breach`] of form, count, events root, kind or order.
pub fn read_epoch(header: &Header, data: &[u8], threads: usize) -> Result<Vec<KeyEvent>, Breach> {
    let number = header.number;
    let form = |error| Breach::new(Rule::DataForm, format!("epoch {number}: {error}"));
    let records = epoch::split_data(data).map_err(form)?;
    if records.len() as u64 != header.event_count {
        return Err(Breach::new(
            Rule::EventCount,
            format!(
                "epoch {number} has {} events and {} were anchored",
                records.len(),
                header.event_count
            ),
        ));
    }
    let root = EventsTree::of_raw_events(&records, threads).map(|tree| tree.root());
    if root != Some(header.events_root) {
        return Err(Breach::new(
            Rule::EventsRoot,
            format!("epoch {number} has another events root than was anchored"),
        ));
    }
    // The root matches, so the events are leaves, and what is wrong with them can be proved.
    epoch::events_of(&records).map_err(|error| Breach {
        proof: proof_in(&records, error).map(Box::new),
        ..form(error)
    })
}

/// The proof that events are not in form: a kind that the protocol does not have, or two events with one version.
fn proof_in(records: &[RawEvent], error: DataError) -> Option<BreachProof> {
    match error {
        DataError::Length(_) => None,
        DataError::Kind(index) => {
            let event = *records.get(index)?;
            let other = event
                .version
                .checked_sub(1)
                .filter(|before| *before > 0)
                .map_or(OtherEvent::None, OtherEvent::Version);
            Some(BreachProof {
                dispute: Dispute::IllegalTransition,
                event,
                other,
            })
        }
        DataError::Order(index) => {
            let (before, event) = (*records.get(index.checked_sub(1)?)?, *records.get(index)?);
            let fork = (before.key_id, before.version) == (event.key_id, event.version) && before != event;
            fork.then_some(BreachProof {
                dispute: Dispute::Fork,
                event,
                other: OtherEvent::SameEpoch(before),
            })
        }
    }
}

/// The keys of an epoch's events, in ascending order, each once.
#[must_use]
pub fn keys_of(events: &[KeyEvent]) -> Vec<B256> {
    let mut keys: Vec<B256> = events.iter().map(|event| event.key_id).collect();
    keys.dedup();
    keys
}

/// Follows an epoch's events from the keys' heads before it, given in the order of [`keys_of`]. Returns the keys' heads
/// after it, in the same order.
///
/// # Errors
/// The first [`Breach`] of version, link, transition or time, in the data's order.
pub fn advance(
    events: &[KeyEvent],
    heads: &[Option<Head>],
    number: u64,
    anchored_at_s: u64,
) -> Result<Vec<(B256, Head)>, Breach> {
    let mut updates = Vec::with_capacity(heads.len());
    for (events, head) in events.chunk_by(|a, b| a.key_id == b.key_id).zip(heads) {
        let mut head = *head;
        for event in events {
            head = Some(follow(head.as_ref(), event, number, anchored_at_s)?);
        }
        updates.extend(events.first().map(|event| event.key_id).zip(head));
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
        Rule::HistoryRoot,
        format!(
            "epoch {}: the events lead to the history root {root}, anchored was {}",
            header.number, header.history_root
        ),
    ))
}

/// Checks one event against its key's head, and returns the new head.
fn follow(head: Option<&Head>, event: &KeyEvent, number: u64, anchored_at_s: u64) -> Result<Head, Breach> {
    let expected_version = head.map_or(1, |head| head.version.saturating_add(1));
    let breach = |rule, proof: Option<(Dispute, OtherEvent)>, what: &str| Breach {
        rule,
        detail: format!(
            "epoch {number}, key {}, version {}: {what}",
            event.key_id, event.version
        ),
        proof: proof.map(|(dispute, other)| {
            Box::new(BreachProof {
                dispute,
                event: (*event).into(),
                other,
            })
        }),
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
    let other = head.map_or(OtherEvent::None, |head| OtherEvent::Version(head.version));
    if event.prev != head.map_or(B256::ZERO, |head| head.hash) {
        return Err(breach(
            Rule::BrokenLink,
            Some((Dispute::BrokenLink, other)),
            "prev is not the hash of the event before",
        ));
    }
    let before = head.map(|head| head.kind);
    if !event.kind.may_follow(before) {
        let after = before.map_or("nothing", |kind| kind.name());
        let what = format!("{} after {after}", event.kind.name());
        return Err(breach(
            Rule::IllegalTransition,
            Some((Dispute::IllegalTransition, other)),
            &what,
        ));
    }
    if head.is_some_and(|head| event.at_ms < head.at_ms) {
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
        hash: event.hash(),
        kind: event.kind,
        at_ms: event.at_ms,
        epoch: number,
    })
}

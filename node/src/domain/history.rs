//! A key's whole history as the database holds it, checked against itself.

use alloy_primitives::B256;
use shelfproof_verifier::event::{self, Kind, Opening, RawEvent};

use super::key::Head;

/// An event as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// The event.
    pub record: RawEvent,
    /// The kind before, as the row says; 0 for the first.
    pub before: u8,
    /// Its salt and body.
    pub opening: Opening,
}

/// What can be wrong with a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Versions are not 1, 2, 3 and so on.
    VersionGap,
    /// An event is another key's by its id.
    EventKey,
    /// An event's row names another kind before it than there is.
    EventBefore,
    /// An event may not follow the one before.
    IllegalTransition,
    /// An event is older than the one before.
    Clock,
    /// An event does not name the hash of the one before.
    BrokenLink,
    /// An event does not commit to its salt and body.
    Payload,
    /// The key's row is not what its last event but for the sale says.
    KeyHead,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 8] = [
        Self::VersionGap,
        Self::EventKey,
        Self::EventBefore,
        Self::IllegalTransition,
        Self::Clock,
        Self::BrokenLink,
        Self::Payload,
        Self::KeyHead,
    ];

    /// The fault's name in reports; the protocol's, where it has one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::VersionGap => "version_gap",
            Self::EventKey => "event_key",
            Self::EventBefore => "event_before",
            Self::IllegalTransition => "illegal_transition",
            Self::Clock => "clock",
            Self::BrokenLink => "broken_link",
            Self::Payload => "payload",
            Self::KeyHead => "key_head",
        }
    }

    /// What the fault means, and what to do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::VersionGap => {
                "An event is missing, or was written twice. Restore it from a backup before the next epoch is cut."
            }
            Self::EventKey => {
                "An event stands in another key's history. Restore the row from a backup before the next epoch is cut."
            }
            Self::EventBefore => {
                "A row's note of the kind before it is wrong, so that the schema let a step pass unchecked. Correct it."
            }
            Self::IllegalTransition => {
                "A step that the protocol forbids: once anchored it proves a breach. Stop selling, and stop the anchor until it is understood."
            }
            Self::Clock => {
                "Time ran backwards along a key: once anchored auditors report it. Look at the clocks of the servers that sell."
            }
            Self::BrokenLink => {
                "An event does not follow from the one before as it stands: one of the two was changed. Restore it from a backup."
            }
            Self::Payload => {
                "A salt or body was changed after it was hashed: the buyer could not open it. Restore the row from a backup."
            }
            Self::KeyHead => {
                "A key's row and its last event but for the sale disagree; the events are the truth. Stop selling, and set state, version, head and time from that event."
            }
        }
    }
}

/// Everything that is wrong with a key's history, given all of its events by version: each fault, and where.
#[must_use]
pub fn faults(head: &Head, events: &[StoredEvent]) -> Vec<(Fault, String)> {
    let mut faults = Vec::new();
    let mut before: Option<&RawEvent> = None;
    for event in events {
        let at = event.record.version;
        step_faults(head, before, event, |fault, detail| {
            faults.push((fault, format!("version {at}: {detail}")));
        });
        before = Some(&event.record);
    }
    let newest = events.iter().rev().find(|event| event.record.kind != Kind::Sold as u8);
    let newest = newest.map(|event| &event.record);
    faults.extend(head_fault(head, newest).map(|detail| (Fault::KeyHead, detail)));
    faults
}

fn step_faults(head: &Head, before: Option<&RawEvent>, event: &StoredEvent, mut found: impl FnMut(Fault, String)) {
    let StoredEvent { record, opening, .. } = event;
    let (version, kind, at_ms) = before.map_or((0, 0, 0), |before| (before.version, before.kind, before.at_ms));
    if record.version != version + 1 {
        found(Fault::VersionGap, format!("it follows version {version}"));
    }
    if record.key_id != head.key_id {
        found(Fault::EventKey, format!("it names the key id {}", record.key_id));
    }
    if event.before != kind {
        found(
            Fault::EventBefore,
            format!("its row says kind {} before it, and there is {kind}", event.before),
        );
    }
    let may_follow = Kind::from_number(record.kind).is_some_and(|next| next.may_follow(Kind::from_number(kind)));
    if !may_follow {
        found(
            Fault::IllegalTransition,
            format!("kind {} after kind {kind}", record.kind),
        );
    }
    if record.at_ms < at_ms {
        found(Fault::Clock, format!("its time is {}, after {at_ms}", record.at_ms));
    }
    let hash = before.map_or(B256::ZERO, RawEvent::hash);
    if record.prev != hash {
        found(
            Fault::BrokenLink,
            format!("it follows {}, and the event before is {hash}", record.prev),
        );
    }
    if event::payload(&opening.salt, &opening.body) != record.payload {
        found(Fault::Payload, "its salt and body hash to something else".to_owned());
    }
}

fn head_fault(head: &Head, last: Option<&RawEvent>) -> Option<String> {
    let Some(last) = last else {
        return Some("it has no event".to_owned());
    };
    let (row, event) = (
        (head.state as u8, head.version, head.at_ms, head.hash),
        (last.kind, last.version, last.at_ms, last.hash()),
    );
    let show = |(kind, version, at_ms, hash)| format!("kind {kind}, version {version}, time {at_ms}, hash {hash}");
    (row != event).then(|| {
        format!(
            "its row says {}; its last event but for the sale {}",
            show(row),
            show(event)
        )
    })
}

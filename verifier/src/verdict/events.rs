//! Checks a key's events against their epochs and against each other.

use alloy_primitives::B256;

use super::holds::VerifiedEvent;
use crate::bundle::Bundle;
use crate::epoch::latest_event_ms;
use crate::event::Kind;
use crate::{Code, Refusal, tree};

/// Checks that every event is a leaf of its epoch's events tree.
pub(crate) fn check_inclusion(bundle: &Bundle) -> Result<(), Refusal> {
    for included in &bundle.events {
        let root = bundle.header(included.epoch).map(|header| header.events_root);
        if root != Some(tree::climb(&included.event.hash(), &included.path)) {
            return Err(refuse(
                Code::Inclusion,
                included.event.version,
                "is not in the epoch that it names",
            ));
        }
    }
    Ok(())
}

/// Checks versions, then links, then kinds, then times, each over all events.
pub(super) fn check_sequence(events: &[VerifiedEvent]) -> Result<(), Refusal> {
    for (version, verified) in (1u32..).zip(events) {
        if verified.event.version != version {
            return Err(refuse(
                Code::VersionGap,
                verified.event.version,
                "stands where another version must",
            ));
        }
    }
    for (before, verified) in with_before(events) {
        let prev = before.map_or(B256::ZERO, |before| before.event.hash());
        if verified.event.prev != prev {
            return Err(refuse(
                Code::BrokenLink,
                verified.event.version,
                "does not name the event before it",
            ));
        }
        if before.is_some_and(|before| verified.epoch < before.epoch) {
            return Err(refuse(
                Code::BrokenLink,
                verified.event.version,
                "was anchored before the event before it",
            ));
        }
    }
    for (before, verified) in with_before(events) {
        if !verified.event.kind.may_follow(before.map(|before| before.event.kind)) {
            let after = before.map_or("nothing", |before| before.event.kind.name());
            return Err(Refusal::new(
                Code::IllegalTransition,
                format!(
                    "version {}: {} after {after}",
                    verified.event.version,
                    Kind::name(verified.event.kind)
                ),
            ));
        }
    }
    for (before, verified) in with_before(events) {
        if before.is_some_and(|before| verified.event.at_ms < before.event.at_ms) {
            return Err(refuse(
                Code::Clock,
                verified.event.version,
                "has an earlier time than the event before it",
            ));
        }
        if verified.event.at_ms > latest_event_ms(verified.anchored_at_s) {
            return Err(refuse(
                Code::Clock,
                verified.event.version,
                "has a time over ten minutes after its block",
            ));
        }
    }
    Ok(())
}

fn with_before(events: &[VerifiedEvent]) -> impl Iterator<Item = (Option<&VerifiedEvent>, &VerifiedEvent)> {
    std::iter::once(None).chain(events.iter().map(Some)).zip(events)
}

fn refuse(code: Code, version: u32, what: &str) -> Refusal {
    Refusal::new(code, format!("the event with version {version} {what}"))
}

//! A key's events against their epochs and against each other.

use alloy_primitives::B256;

use super::Happened;
use crate::bundle::Bundle;
use crate::event::Kind;
use crate::{Code, Refusal, tree};

/// The furthest that an event's time may lie after its block, milliseconds.
pub const MAX_AHEAD_MS: u64 = 600_000;

/// Every event is a leaf of its epoch.
pub(super) fn check_inclusion(bundle: &Bundle) -> Result<(), Refusal> {
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

/// Versions, links, kinds and times, each over all events before the next.
pub(super) fn check_sequence(events: &[Happened]) -> Result<(), Refusal> {
    for (version, happened) in (1u32..).zip(events) {
        if happened.event.version != version {
            return Err(refuse(
                Code::VersionGap,
                happened.event.version,
                "stands where another version must",
            ));
        }
    }
    for (before, happened) in with_before(events) {
        let prev = before.map_or(B256::ZERO, |before| before.event.hash());
        if happened.event.prev != prev {
            return Err(refuse(
                Code::BrokenLink,
                happened.event.version,
                "does not name the event before it",
            ));
        }
        if before.is_some_and(|before| happened.epoch < before.epoch) {
            return Err(refuse(
                Code::BrokenLink,
                happened.event.version,
                "was anchored before the event before it",
            ));
        }
    }
    for (before, happened) in with_before(events) {
        if !happened.event.kind.may_follow(before.map(|before| before.event.kind)) {
            let after = before.map_or("nothing", |before| before.event.kind.name());
            return Err(Refusal::new(
                Code::IllegalTransition,
                format!(
                    "version {}: {} after {after}",
                    happened.event.version,
                    Kind::name(happened.event.kind)
                ),
            ));
        }
    }
    for (before, happened) in with_before(events) {
        if before.is_some_and(|before| happened.event.at_ms < before.event.at_ms) {
            return Err(refuse(
                Code::Clock,
                happened.event.version,
                "has an earlier time than the event before it",
            ));
        }
        if happened.event.at_ms > latest_time_ms(happened.anchored_at_s) {
            return Err(refuse(
                Code::Clock,
                happened.event.version,
                "has a time over ten minutes after its block",
            ));
        }
    }
    Ok(())
}

/// The latest time that an event in a block of that time may state, Unix milliseconds.
pub(crate) fn latest_time_ms(anchored_at_s: u64) -> u64 {
    anchored_at_s.saturating_mul(1000).saturating_add(MAX_AHEAD_MS)
}

fn with_before(events: &[Happened]) -> impl Iterator<Item = (Option<&Happened>, &Happened)> {
    std::iter::once(None).chain(events.iter().map(Some)).zip(events)
}

fn refuse(code: Code, version: u32, what: &str) -> Refusal {
    Refusal::new(code, format!("the event with version {version} {what}"))
}

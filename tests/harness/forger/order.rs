//! True events in another order, left out or repeated, so that their versions are not 1, 2, 3.

use shelfproof_verifier::Code;
use shelfproof_verifier::bundle::Included;

use super::bench::{Bench, SALE};

/// A change to the list of events.
type Change = fn(&mut Vec<Included>);

const CHANGES: [(&str, Change); 13] = [
    ("generation-left-out", |events| drop(events.remove(0))),
    ("activation-left-out", |events| drop(events.remove(1))),
    ("only-the-sale", |events| drop(events.drain(..SALE))),
    ("only-the-activation", |events| {
        events.truncate(SALE);
        events.remove(0);
    }),
    ("generation-twice", |events| events.insert(0, events[0].clone())),
    ("activation-twice", |events| events.insert(1, events[1].clone())),
    ("sale-twice", |events| events.push(events[SALE].clone())),
    ("sale-a-hundred-times", |events| {
        events.resize(100, events[SALE].clone());
    }),
    ("generation-after-the-sale-too", |events| events.push(events[0].clone())),
    ("generation-after-activation", |events| events.swap(0, 1)),
    ("sale-before-activation", |events| events.swap(1, SALE)),
    ("sale-first", |events| events.rotate_right(1)),
    ("newest-first", |events| events.reverse()),
];

pub(super) fn forge(bench: &mut Bench<'_>) {
    for (name, change) in CHANGES {
        bench.draft(name, Code::VersionGap, |draft| change(&mut draft.bundle.events));
    }
    // Corrected versions and links change the events, which are then not leaves of any epoch.
    for (name, is_linked) in [("renumbered", false), ("renumbered-and-linked", true)] {
        bench.draft(&format!("generation-left-out-and-{name}"), Code::Inclusion, |draft| {
            draft.bundle.events.remove(0);
            let mut prev = None;
            for (version, included) in (1..).zip(&mut draft.bundle.events) {
                included.event.version = version;
                if is_linked {
                    included.event.prev = prev.unwrap_or_default();
                }
                prev = Some(included.event.hash());
            }
        });
    }
    // Without its last events a history still begins correctly, but the epoch's history map knows the later ones.
    for (name, left) in [
        ("sale-left-out", SALE),
        ("all-but-the-generation-left-out", 1),
        ("all-left-out", 0),
    ] {
        bench.draft(name, Code::HistoryMismatch, |draft| draft.bundle.events.truncate(left));
        bench.draft(&format!("{name}-with-the-receipt"), Code::HistoryMismatch, |draft| {
            draft.bundle.events.truncate(left);
            draft.bundle.receipts.clear();
        });
    }
}

//! Headers whose hash is not in the contract, or not yet.

use alloy_primitives::B256;
use shelfproof_verifier::Code;
use shelfproof_verifier::epoch::Header;
use shelfproof_verifier::epoch::ListedHeader;

use super::bench::{Bench, Draft, SALE, flip};
use super::of_path;

/// A distance from an honest epoch's number that no chain reaches while forgeries are tried.
pub(super) const FAR: u64 = 1_000_000;

/// A change to one field of a header.
type Change = fn(&mut Header);

/// Copies something from another header.
type Exchange = fn(&mut Header, &Header);

const CHANGES: [(&str, Change); 8] = [
    ("parent", |header| flip(&mut header.parent)),
    ("parent-all-ones", |header| header.parent = B256::repeat_byte(0xff)),
    ("events-root", |header| flip(&mut header.events_root)),
    ("no-events-root", |header| header.events_root = B256::ZERO),
    ("history-root", |header| flip(&mut header.history_root)),
    ("no-history-root", |header| header.history_root = B256::ZERO),
    ("data-hash", |header| flip(&mut header.data_hash)),
    ("no-data-hash", |header| header.data_hash = B256::ZERO),
];

pub(super) fn forge(bench: &mut Bench<'_>) {
    let sale = bench.victim().bundle.events[SALE].epoch;
    let history = bench.victim().bundle.history.epoch;
    let first = bench.victim().bundle.events[0].epoch;
    forge_fields(bench, "sale", sale);
    // One epoch may contain all events.
    if first != sale {
        forge_fields(bench, "generation", first);
    }
    if history != sale && history != first {
        forge_fields(bench, "history", history);
    }
    forge_exchanged(bench);
    forge_more(bench, sale, history);
    forge_number(bench, sale);
}

/// Changes one field of the header of an epoch that the bundle needs.
fn forge_fields(bench: &mut Bench<'_>, of: &str, number: u64) {
    for (name, change) in CHANGES {
        bench.draft(&format!("{name}-of-{of}"), Code::EpochUnknown, |draft| {
            change(draft.header(number));
        });
    }
    let bundle = &bench.victim().bundle;
    let Some(header) = bundle.header(number) else { return };
    // A count that fits the length of each path. With a single event no other count does.
    let fits = |count: &u64| {
        let mut paths = bundle.events.iter().filter(|included| included.epoch == number);
        paths.all(|included| of_path(included.path.len(), *count) == Code::Inclusion)
    };
    let counts = [header.event_count + 1, header.event_count - 1];
    if let Some(count) = counts.into_iter().filter(|count| *count > 0).find(fits) {
        bench.draft(&format!("event-count-of-{of}"), Code::EpochUnknown, |draft| {
            draft.header(number).event_count = count;
        });
    }
}

/// Exchanges values between two true headers.
fn forge_exchanged(bench: &mut Bench<'_>) {
    let [first, .., last] = &bench.victim().bundle.epochs[..] else {
        return;
    };
    let (first, last) = (first.header, last.header);
    let exchanges: [(&str, Exchange); 4] = [
        ("events-roots-exchanged", |to, from| to.events_root = from.events_root),
        ("history-roots-exchanged", |to, from| {
            to.history_root = from.history_root;
        }),
        ("parents-exchanged", |to, from| to.parent = from.parent),
        ("all-but-numbers-and-counts-exchanged", |to, from| {
            *to = Header {
                number: to.number,
                event_count: to.event_count,
                ..*from
            };
        }),
    ];
    for (name, exchange) in exchanges {
        bench.draft(name, Code::EpochUnknown, |draft| {
            exchange(draft.header(first.number), &last);
            exchange(draft.header(last.number), &first);
        });
    }
}

/// Adds headers that are not needed, and leaves out needed ones.
fn forge_more(bench: &mut Bench<'_>, sale: u64, history: u64) {
    let own = Header {
        number: 0,
        parent: bench.material.word("a parent"),
        events_root: bench.material.word("an events root"),
        history_root: bench.material.word("a history root"),
        event_count: 1,
        data_hash: bench.material.word("data"),
    };
    for (name, number, expected) in [
        ("epoch-0-beside", 0, Code::EpochUnknown),
        ("epoch-to-come-beside", sale + FAR, Code::EpochNotFinal),
        ("epoch-of-53-bits-beside", (1 << 53) - 1, Code::EpochNotFinal),
    ] {
        bench.draft(name, expected, |draft| {
            let header = Header { number, ..own };
            draft.bundle.epochs.push(ListedHeader { header, block: None });
        });
    }
    bench.draft("header-twice", Code::Malformed, |draft| {
        let again = draft.bundle.epochs[0];
        draft.bundle.epochs.push(again);
    });
    bench.draft("two-headers-of-one-number", Code::Malformed, |draft| {
        let header = Header { number: sale, ..own };
        draft.bundle.epochs.push(ListedHeader { header, block: None });
    });
    bench.draft("no-headers", Code::Malformed, |draft| draft.bundle.epochs.clear());
    let without = |number| move |draft: &mut Draft| draft.bundle.epochs.retain(|one| one.header.number != number);
    bench.draft("sale-without-header", Code::Malformed, without(sale));
    if history != sale {
        bench.draft("history-without-header", Code::Malformed, without(history));
    }
}

/// Gives the sale's true epoch another number.
fn forge_number(bench: &mut Bench<'_>, sale: u64) {
    for (name, number, expected) in [
        ("epoch-of-the-sale-as-0", 0, Code::EpochUnknown),
        ("epoch-of-the-sale-to-come", sale + FAR, Code::EpochNotFinal),
    ] {
        bench.draft(name, expected, |draft| {
            draft.header(sale).number = number;
            for included in draft.bundle.events.iter_mut().filter(|included| included.epoch == sale) {
                included.epoch = number;
            }
            if draft.bundle.history.epoch == sale {
                draft.bundle.history.epoch = number;
            }
        });
    }
}

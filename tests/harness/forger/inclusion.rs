//! Events that are not leaves of the epoch that they name.

use alloy_primitives::B256;
use shelfproof_verifier::Code;
use shelfproof_verifier::bundle::Included;
use shelfproof_verifier::event::{KeyEvent, Kind};

use super::bench::{ACTIVATION, Bench, GENERATION, SALE, flip, slug};
use super::worlds::after;
use super::{Honest, of_path, paths};

/// A change to one field of an event. The key id is not a field of the event, but it is part of the event's hash.
type Change = fn(&mut KeyEvent);

const CHANGES: [(&str, Change); 7] = [
    ("version", |event| event.version += 1),
    ("earlier", |event| event.at_ms -= 1),
    ("later", |event| event.at_ms += 1),
    ("at-the-beginning-of-time", |event| event.at_ms = 0),
    ("prev", |event| flip(&mut event.prev)),
    ("prev-all-ones", |event| event.prev = B256::repeat_byte(0xff)),
    ("payload", |event| flip(&mut event.payload)),
];

pub(super) fn forge(bench: &mut Bench<'_>) {
    for (of, place, kind) in [
        ("generation", GENERATION, Kind::TransferredIn),
        ("activation", ACTIVATION, Kind::Voided),
        ("sale", SALE, Kind::Redeemed),
    ] {
        for (name, change) in CHANGES {
            bench.draft(&format!("{of}-{name}"), Code::Inclusion, |draft| {
                change(&mut draft.bundle.events[place].event);
            });
        }
        bench.draft(&format!("{of}-as-{}", slug(kind)), Code::Inclusion, |draft| {
            draft.bundle.events[place].event.kind = kind;
        });
    }
    for kind in [Kind::Refunded, Kind::Voided, Kind::Upheld, Kind::TransferredOut] {
        bench.draft(&format!("sale-as-{}", slug(kind)), Code::Inclusion, |draft| {
            draft.sale().event.kind = kind;
        });
    }
    forge_paths(bench);
    forge_others(bench);
    forge_inventions(bench);
}

/// Returns the number of events in that epoch of the bundle.
fn events_of(honest: &Honest, number: u64) -> u64 {
    let header = honest.bundle.header(number);
    header.map_or(1, |header| header.event_count)
}

/// Changes the sale's path, and replaces it by the paths of other events.
fn forge_paths(bench: &mut Bench<'_>) {
    let victim = bench.victim();
    let [generation, _, sale] = &victim.bundle.events[..] else {
        return;
    };
    let count = events_of(victim, sale.epoch);
    for (name, path) in paths::changed(&sale.path) {
        bench.draft(name, of_path(path.len(), count), |draft| draft.sale().path = path);
    }
    let theirs = &bench.other().bundle.events[SALE];
    if theirs.path != sale.path {
        let expected = of_path(theirs.path.len(), count);
        bench.draft("path-of-another-sale", expected, |draft| {
            draft.sale().path.clone_from(&theirs.path);
        });
    }
    // The empty path of a lone event is allowed, but leads to another root than the sale's.
    let expected = of_path(generation.path.len(), events_of(victim, generation.epoch));
    bench.draft("place-of-the-generation", expected, |draft| {
        draft.sale().epoch = generation.epoch;
        draft.sale().path.clone_from(&generation.path);
    });
    if generation.epoch != sale.epoch {
        let expected = of_path(sale.path.len(), events_of(victim, generation.epoch));
        bench.draft("epoch-of-the-generation", expected, |draft| {
            draft.sale().epoch = generation.epoch;
        });
        let expected = of_path(generation.path.len(), count);
        bench.draft("epoch-of-the-sale", expected, |draft| {
            draft.bundle.events[GENERATION].epoch = sale.epoch;
        });
    }
}

/// Shows true events of another key as events of this key.
fn forge_others(bench: &mut Bench<'_>) {
    let other = bench.other();
    let mut more = other.bundle.epochs.clone();
    more.retain(|listed| bench.victim().bundle.header(listed.header.number).is_none());
    for (name, place) in [("generation", GENERATION), ("activation", ACTIVATION), ("sale", SALE)] {
        bench.draft(&format!("{name}-of-another-key"), Code::Inclusion, |draft| {
            draft.bundle.epochs.extend(&more);
            draft.bundle.events[place] = other.bundle.events[place].clone();
        });
    }
    bench.draft("all-events-of-another-key", Code::Inclusion, |draft| {
        draft.bundle.epochs.extend(&more);
        draft.bundle.events.clone_from(&other.bundle.events);
    });
    bench.draft("all-events-and-history-of-another-key", Code::Inclusion, |draft| {
        draft.bundle.epochs.extend(&more);
        draft.bundle.events.clone_from(&other.bundle.events);
        draft.bundle.history = other.bundle.history.clone();
    });
}

/// Invents events, in and out of the allowed order. They are refused as not being on the chain, before their order is
/// checked.
fn forge_inventions(bench: &mut Bench<'_>) {
    for kind in Kind::ALL {
        let name = format!("invented-{}-after-the-sale", slug(kind));
        bench.draft(&name, Code::Inclusion, |draft| {
            let invented = after(draft.sale(), kind);
            draft.bundle.events.push(invented);
        });
    }
    for kind in [Kind::Voided, Kind::TransferredOut, Kind::Redeemed] {
        let name = format!("invented-{}-in-place-of-the-sale", slug(kind));
        bench.draft(&name, Code::Inclusion, |draft| {
            let invented = after(&draft.bundle.events[ACTIVATION], kind);
            draft.bundle.events[SALE] = Included {
                epoch: draft.bundle.events[SALE].epoch,
                path: draft.bundle.events[SALE].path.clone(),
                ..invented
            };
        });
    }
    bench.draft("arrival-before-the-generation", Code::Inclusion, |draft| {
        let mut arrival = draft.bundle.events[GENERATION].clone();
        arrival.event.kind = Kind::TransferredIn;
        draft.bundle.events.insert(0, arrival);
    });
}

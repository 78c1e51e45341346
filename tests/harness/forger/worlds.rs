//! Whole epochs that the forger made up. Their roots, paths and history proofs are consistent, but they were never
//! anchored.

use alloy_primitives::{B256, keccak256};
use serde_json::Value;
use shelfproof_verifier::bundle::{Bundle, HistoryAt, Included};
use shelfproof_verifier::epoch::ListedHeader;
use shelfproof_verifier::epoch::{self, Header};
use shelfproof_verifier::event::{self, KeyEvent, Kind, Opening};
use shelfproof_verifier::tree::EventsTree;
use shelfproof_verifier::{Code, buyer, history};

use super::bench::{Bench, SALE};
use super::headers::FAR;
use crate::Result;
use crate::anchored_shop::Secret;

pub(super) fn forge(bench: &mut Bench<'_>) -> Result<()> {
    let sale = bench.victim().bundle.events[SALE].epoch;
    let other = bench.other().secret.clone();
    let salt = bench.material.word("a salt");
    let sold_to_other = sold_to(&bench.victim().bundle.events[SALE], &other, salt)?;

    // One code is sold to two buyers. The second buyer is shown a different log, in which the sale is theirs.
    for (name, number, expected) in [
        ("sold-to-another-in-the-same-epoch", sale, Code::EpochUnknown),
        ("sold-to-another-in-an-epoch-to-come", sale + FAR, Code::EpochNotFinal),
        ("sold-to-another-in-epoch-0", 0, Code::EpochUnknown),
    ] {
        bench.draft(name, expected, |draft| {
            draft.secret = other.clone();
            draft.bundle.receipts.clear();
            *draft.sale() = sold_to_other.clone();
            draft.sale().epoch = number;
            seal(&mut draft.bundle, number);
        });
    }
    bench.draft("whole-history-in-one-epoch", Code::EpochUnknown, |draft| {
        draft.secret = other.clone();
        draft.bundle.receipts.clear();
        *draft.sale() = sold_to_other.clone();
        draft.bundle.epochs.clear();
        for included in &mut draft.bundle.events {
            included.epoch = 1;
        }
        seal(&mut draft.bundle, 1);
    });
    bench.draft("two-pages-of-one-number", Code::Malformed, |draft| {
        let honest = draft.bundle.epochs.clone();
        *draft.sale() = sold_to_other.clone();
        seal(&mut draft.bundle, sale);
        let own = draft.bundle.epochs.clone();
        draft.bundle.epochs = [honest, own].concat();
    });
    forge_endings(bench, sale);
    Ok(())
}

/// Histories with a false end: without the sale, without any event, or with invented events.
fn forge_endings(bench: &mut Bench<'_>, sale: u64) {
    let anchored_before = bench.victim().bundle.events[SALE - 1].epoch;
    bench.draft("never-sold", Code::EpochUnknown, |draft| {
        draft.bundle.receipts.clear();
        draft.bundle.events.truncate(SALE);
        seal(&mut draft.bundle, anchored_before);
    });
    bench.draft("never-generated", Code::EpochUnknown, |draft| {
        draft.bundle.receipts.clear();
        draft.bundle.events.clear();
        seal(&mut draft.bundle, sale);
    });
    for (kind, number, expected) in [
        (Kind::Redeemed, sale, Code::EpochUnknown),
        (Kind::Redeemed, sale + FAR, Code::EpochNotFinal),
        (Kind::Refunded, sale, Code::EpochUnknown),
        (Kind::Refunded, sale + FAR, Code::EpochNotFinal),
    ] {
        let when = if number == sale {
            "at-once"
        } else {
            "in-an-epoch-to-come"
        };
        bench.draft(&format!("{}-{when}", kind.name()), expected, |draft| {
            let mut after = after(draft.sale(), kind);
            after.epoch = number;
            draft.bundle.events.push(after);
            seal(&mut draft.bundle, number);
        });
    }
}

/// Returns the sale with another buyer.
fn sold_to(sale: &Included, buyer: &Secret, salt: B256) -> Result<Included> {
    let opening = sale.opening.as_ref().ok_or("the sale is not opened")?;
    let mut body: Value = serde_json::from_str(&opening.body)?;
    let secret = buyer::secret(&buyer.nonce, &buyer.tag);
    body["buyer"] = buyer::commitment(&secret).to_string().into();
    let body = body.to_string();
    Ok(Included {
        event: KeyEvent {
            payload: event::payload(&salt, &body),
            ..sale.event
        },
        opening: Some(Opening { salt, body }),
        ..sale.clone()
    })
}

/// Returns an invented event, linked to the one before it.
pub(super) fn after(before: &Included, kind: Kind) -> Included {
    Included {
        event: KeyEvent {
            version: before.event.version + 1,
            kind,
            prev: before.event.hash(),
            payload: keccak256(kind.name()),
            ..before.event
        },
        opening: None,
        ..before.clone()
    }
}

/// Makes an epoch with that number from the events of the bundle, including the history of the last event, and lists
/// its header.
fn seal(bundle: &mut Bundle, number: u64) {
    let here = bundle.events.iter().filter(|included| included.epoch == number);
    let events: Vec<KeyEvent> = here.map(|included| included.event).collect();
    let tree = EventsTree::of_events(&events, 1);
    for included in bundle.events.iter_mut().filter(|included| included.epoch == number) {
        let path = tree.as_ref().and_then(|tree| tree.path(&included.event.hash()));
        included.path = path.unwrap_or_default();
    }
    let last = bundle.events.last().map(|included| included.event);
    let entries: Vec<_> = last
        .map(|last| (last.key_id, history::value_hash(last.version, &last.hash())))
        .into_iter()
        .collect();
    let listed = bundle.epochs.iter().find(|listed| listed.header.number == number);
    let header = Header {
        number,
        parent: listed.map(|listed| listed.header.parent).unwrap_or_default(),
        events_root: tree.as_ref().map(EventsTree::root).unwrap_or_default(),
        history_root: history::root_of(&entries),
        event_count: events.len().max(1) as u64,
        data_hash: epoch::data_hash(&epoch::encode_data(&events)),
    };
    bundle.history = HistoryAt {
        epoch: number,
        proof: history::prove_from(&entries, &bundle.key_id),
    };
    bundle.epochs.retain(|listed| listed.header.number != number);
    bundle.epochs.push(ListedHeader { header, block: None });
}

//! History proofs that do not lead to the history root of their epoch.

use alloy_primitives::{B256, keccak256};
use shelfproof_verifier::Code;
use shelfproof_verifier::history::{self, Terminal};

use super::bench::{ACTIVATION, Bench, SALE};
use super::paths;

pub(super) fn forge(bench: &mut Bench<'_>) {
    let honest = &bench.victim().bundle.history.proof.siblings;
    let mut forged = paths::changed(honest);
    forged.push(("256-siblings", {
        let mut siblings = honest.clone();
        siblings.resize(history::MAX_SIBLINGS, history::EMPTY);
        siblings
    }));
    if let [above @ .., last] = &honest[..] {
        let mut of_another_sort = *last;
        // The top bit distinguishes a leaf from an inner node.
        of_another_sort[0] ^= 0x80;
        forged.push(("last-sibling-of-another-sort", [above, &[of_another_sort]].concat()));
        forged.push(("last-sibling-twice", [above, &[*last, *last]].concat()));
    }
    for (name, siblings) in forged {
        bench.draft(name, Code::HistoryRoot, |draft| {
            draft.bundle.history.proof.siblings = siblings;
        });
    }
    forge_terminals(bench);
    forge_epochs(bench);
}

/// Changes the end of the path: another value, another key, nothing.
fn forge_terminals(bench: &mut Bench<'_>) {
    let bundle = &bench.victim().bundle;
    let (sale, before) = (bundle.events[SALE].event, bundle.events[ACTIVATION].event);
    for (name, value_hash) in [
        ("value-that-is-the-head", sale.hash()),
        (
            "value-of-the-event-before",
            history::value_hash(before.version, &before.hash()),
        ),
        (
            "value-of-a-later-version",
            history::value_hash(sale.version + 1, &sale.hash()),
        ),
        (
            "value-of-another-head",
            history::value_hash(sale.version, &keccak256("a head")),
        ),
        ("value-zero", B256::ZERO),
    ] {
        bench.draft(name, Code::HistoryRoot, |draft| {
            let key = draft.bundle.key_id;
            draft.bundle.history.proof.terminal = Some(Terminal { key, value_hash });
        });
    }
    for bit in [0, 255] {
        bench.draft(&format!("key-off-by-bit-{bit}"), Code::HistoryRoot, |draft| {
            if let Some(terminal) = &mut draft.bundle.history.proof.terminal {
                terminal.key[bit / 8] ^= 0x80 >> (bit % 8);
            }
        });
    }
    let other = bench.other().bundle.history.proof.clone();
    bench.draft("nothing-at-the-end", Code::HistoryRoot, |draft| {
        draft.bundle.history.proof.terminal = None;
    });
    bench.draft("another-key-at-the-end", Code::HistoryRoot, |draft| {
        draft.bundle.history.proof.terminal = other.terminal;
    });
    bench.draft("siblings-of-another-key", Code::HistoryRoot, |draft| {
        draft.bundle.history.proof.siblings.clone_from(&other.siblings);
    });
    bench.draft("proof-of-another-key", Code::HistoryRoot, |draft| {
        draft.bundle.history.proof = other.clone();
    });
    for (name, is_sold) in [("absent-in-an-empty-map", true), ("absent-and-never-sold", false)] {
        bench.draft(name, Code::HistoryRoot, |draft| {
            draft.bundle.history.proof = history::prove_from(&[], &draft.bundle.key_id);
            if !is_sold {
                draft.bundle.events.clear();
            }
        });
    }
}

/// Shows the true proof as that of another epoch.
fn forge_epochs(bench: &mut Bench<'_>) {
    let history = bench.victim().bundle.history.epoch;
    let epochs = bench.victim().bundle.epochs.iter().map(|listed| listed.header.number);
    for (place, number) in (1..).zip(epochs.filter(|number| *number != history)) {
        bench.draft(&format!("of-an-earlier-epoch-{place}"), Code::HistoryRoot, |draft| {
            draft.bundle.history.epoch = number;
        });
    }
    bench.draft("of-an-epoch-without-header", Code::Malformed, |draft| {
        draft.bundle.history.epoch += 1;
    });
    bench.draft("of-epoch-0", Code::Malformed, |draft| draft.bundle.history.epoch = 0);
}

//! What is proved: the verifier's word for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use alloy_primitives::{B256, keccak256};
use shelfproof_anchor::history::{History, HistoryError, Proven};
use shelfproof_verifier::Code;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::history;

use super::shop::{STOCK, Shop, stocked};

#[test]
fn every_key_is_proved_up_to_the_last_final_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shop, history) = stocked(folder.path());
    for (code, verdict) in STOCK {
        assert_eq!(shop.asked(&history, code), verdict);
    }
    let proven = history.prove(&shop.key("A-2")).unwrap();
    let epochs: Vec<u64> = proven.events.iter().map(|included| included.epoch).collect();
    assert_eq!(epochs, [1, 2, 2]);
    let listed: Vec<_> = proven
        .epochs
        .iter()
        .map(|epoch| (epoch.header.number, epoch.block))
        .collect();
    assert_eq!(listed, [(1, Some(101)), (2, Some(102)), (3, Some(103))]);
    assert!(proven.events.iter().all(|included| included.opening.is_none()));

    // What waits is not proved, and comes with its finality.
    shop.add("A-6", Kind::Generated);
    let waiting = shop.compute(&history);
    assert_eq!(history.waiting(), (1, 1));
    assert_eq!(shop.asked(&history, "A-6"), "holds absent");
    shop.finalise(&history, &waiting);
    assert_eq!(history.waiting(), (0, 0));
    assert_eq!(shop.asked(&history, "A-6"), "holds generated");
}

/// Keys of a large epoch are proved while it becomes final: from the epoch before, or from it.
#[test]
fn proofs_are_made_while_an_epoch_is_taken_in() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shop, history) = stocked(folder.path());
    for number in 0..20_000u64 {
        shop.add_to(keccak256(number.to_be_bytes()), Kind::Generated);
    }
    let large = shop.compute(&history);
    let (key, taken) = (keccak256(7u64.to_be_bytes()), AtomicBool::new(false));
    let proven: Vec<Proven> = thread::scope(|scope| {
        scope.spawn(|| {
            history.finalise(4, 104, u64::MAX).unwrap();
            taken.store(true, Ordering::Release);
        });
        let mut proven = Vec::new();
        while !taken.load(Ordering::Acquire) {
            proven.push(history.prove(&key).unwrap());
        }
        proven
    });
    let before = history_root(&proven[0]);
    assert_ne!(
        before, large.header.history_root,
        "the first proof is made from the epoch before"
    );
    for proven in &proven {
        let (root, events) = match proven.history.epoch {
            3 => (before, 0),
            _ => (large.header.history_root, 1),
        };
        assert_eq!((history_root(proven), proven.events.len()), (root, events));
        assert!(history::climb(&key, &proven.history.proof, &root).is_some());
    }
    assert_eq!(history.final_epoch(), (4, large.hash));
}

/// The history root of the epoch that a history is proved from.
fn history_root(proven: &Proven) -> B256 {
    let epochs = proven.epochs.iter();
    let header = epochs
        .map(|listed| listed.header)
        .find(|header| header.number == proven.history.epoch);
    header.unwrap().history_root
}

#[test]
fn before_the_first_final_epoch_there_is_nothing_to_prove() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(1);
    let history = shop.open(folder.path());
    shop.add("A-1", Kind::Generated);
    shop.compute(&history);
    assert!(matches!(
        history.prove(&shop.key("A-1")),
        Err(HistoryError::NothingFinal)
    ));
}

/// All parts of the key's history, newest first.
fn parts(history: &History, key: &B256) -> Vec<Proven> {
    let mut parts = vec![history.prove(key).unwrap()];
    while let Some(first) = parts.last().and_then(|part| part.events.first()) {
        if first.event.version == 1 {
            break;
        }
        let (version, epoch) = (first.event.version, first.epoch);
        parts.push(history.prove_before(key, version, epoch).unwrap());
    }
    parts
}

#[test]
fn a_key_of_any_number_of_events_is_proved_in_parts() {
    for (events, expected) in [
        (399, &[399][..]),
        (400, &[400]),
        (401, &[400, 1]),
        (1_000, &[400, 400, 200]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut shop = Shop::new(1);
        let history = shop.open(folder.path());
        shop.live_long(&history, events);
        let key = shop.key("A-1");
        let parts = parts(&history, &key);
        let lengths: Vec<usize> = parts.iter().map(|part| part.events.len()).collect();
        assert_eq!(lengths, expected);
        let refused = shop.verdict_of_parts("A-1", &parts).unwrap_err();
        assert_eq!(refused.code, Code::TransferUnverified, "all else holds");
        for (index, _) in parts.iter().enumerate().skip(1) {
            let mut some = parts.clone();
            some.remove(index);
            assert_eq!(shop.verdict_of_parts("A-1", &some).unwrap_err().code, Code::VersionGap);
        }
    }
}

#[test]
fn a_part_is_asked_for_by_an_event_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(1);
    let history = shop.open(folder.path());
    shop.live_long(&history, 401);
    let key = shop.key("A-1");
    let whole = history.prove(&key).unwrap();
    let (first, last) = (&whole.events[0], &whole.events[399]);
    assert_eq!((first.event.version, first.epoch), (2, 1));
    let before_last = history.prove_before(&key, 401, last.epoch).unwrap();
    assert_eq!(before_last.events.len(), 400);
    assert_eq!(before_last.events.last(), whole.events.get(398));
    for (version, epoch) in [
        (0, 1),
        (1, 1),
        (2, 0),
        (2, 2),
        (2, 9),
        (402, last.epoch),
        (u32::MAX, 1),
        (2, u64::MAX),
    ] {
        let refused = history.prove_before(&key, version, epoch);
        assert!(
            matches!(refused, Err(HistoryError::NoSuchEvent { .. })),
            "version {version} in epoch {epoch}: {refused:?}"
        );
    }
    let stranger = history.prove_before(&shop.key("A-2"), 2, 1);
    assert!(matches!(stranger, Err(HistoryError::NoSuchEvent { .. })));
}

/// Enough events for two threads and a deep tree, with keys of several events wherever the threads' shares meet.
#[test]
fn a_large_epoch_is_drawn_by_threads_and_proved_like_any() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(1);
    let history = shop.open(folder.path());
    let keys: Vec<_> = (0..6_000u64).map(|seed| keccak256(seed.to_be_bytes())).collect();
    for key in &keys {
        for kind in [Kind::Generated, Kind::Activated, Kind::Sold] {
            shop.add_to(*key, kind);
        }
    }
    shop.add("A-1", Kind::Generated);
    let first = shop.compute_final(&history);
    assert_eq!(first.header.event_count, 18_001);
    for key in &keys {
        shop.add_to(*key, Kind::Refunded);
    }
    shop.add("A-1", Kind::Activated);
    shop.compute_final(&history);
    assert_eq!(shop.asked(&history, "A-1"), "holds activated");
    for key in keys.iter().step_by(97) {
        let proven = history.prove(key).unwrap();
        let epochs: Vec<u64> = proven.events.iter().map(|included| included.epoch).collect();
        assert_eq!(epochs, [1, 1, 1, 2]);
    }
}

#[test]
fn a_file_that_is_no_history_is_refused_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, history) = stocked(folder.path());
    let file = history.prove(&shop.key("A-1")).unwrap().to_json(&shop.identity);
    for (from, to, why) in [
        ("shelfproof-history-v1", "shelfproof-proof-v1", "history.format"),
        ("\"keyId\"", "\"key\"", "history.keyId is missing"),
        ("\"number\":2", "\"number\":1", "epoch 1 is listed twice"),
        ("\"number\":2", "\"number\":9", "the header of epoch 2 is missing"),
        (
            "\"eventCount\":2",
            "\"eventCount\":9",
            "siblings in an epoch of 9 events",
        ),
    ] {
        assert!(file.contains(from), "{from}");
        let refusal = Proven::parse(file.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(
            refusal.code == Code::Malformed && refusal.detail.contains(why),
            "{refusal}"
        );
    }
    let long = format!("{file}{}", " ".repeat(1 << 20));
    assert_eq!(Proven::parse(long.as_bytes()).unwrap_err().code, Code::Malformed);
}

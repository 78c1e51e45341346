//! What is proved: the verifier's word for it.

use alloy_primitives::keccak256;
use shelfproof_anchor::history::{HistoryError, Proven};
use shelfproof_verifier::Code;
use shelfproof_verifier::event::Kind;

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

#[test]
fn a_key_with_more_events_than_a_bundle_holds_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(1);
    let history = shop.open(folder.path());
    shop.add("A-1", Kind::Generated);
    shop.add("A-1", Kind::Activated);
    while shop.add("A-1", Kind::TransferredOut).version < 396 {
        shop.add("A-1", Kind::TransferredIn);
        shop.add("A-1", Kind::Activated);
    }
    shop.add("A-1", Kind::TransferredIn);
    shop.add("A-1", Kind::Activated);
    shop.add("A-1", Kind::TransferredOut);
    let last = shop.add("A-1", Kind::TransferredIn);
    assert_eq!(last.version, 400);
    shop.compute_final(&history);
    let proven = history.prove(&shop.key("A-1")).unwrap();
    assert_eq!(proven.events.len(), 400);
    let refused = shop.verdict("A-1", &proven).unwrap_err();
    assert_eq!(refused.code, Code::TransferUnverified, "all else holds");
    shop.add("A-1", Kind::Activated);
    shop.compute_final(&history);
    assert!(matches!(history.prove(&shop.key("A-1")), Err(HistoryError::TooLong(key)) if key == shop.key("A-1")));
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

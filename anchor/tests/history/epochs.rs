//! Epochs on their way: computed, published, pushed, taken back, final.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;

use alloy_primitives::B256;
use shelfproof_anchor::history::{EpochFile, History, HistoryError};
use shelfproof_verifier::breach::Rule;
use shelfproof_verifier::epoch;
use shelfproof_verifier::event::{KeyEvent, Kind};
use shelfproof_verifier::map::MapError;

use super::shop::{STOCK, Shop, stocked};

#[test]
fn epochs_wait_above_each_other_and_become_final_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(1);
    let history = shop.open(folder.path());
    assert_eq!(
        (history.tip(), history.final_epoch()),
        ((0, B256::ZERO), (0, B256::ZERO))
    );
    let mut waiting = Vec::new();
    for kind in [Kind::Generated, Kind::Activated, Kind::Sold, Kind::Redeemed] {
        shop.add("A-1", kind);
        waiting.push(shop.compute(&history));
    }
    assert_eq!(history.waiting(), (4, 4));
    assert!(matches!(history.finalise(2, 1, 1), Err(HistoryError::NotWaiting(2))));
    for (epoch, verdict) in waiting.iter().zip(["generated", "activated", "sold", "redeemed"]) {
        shop.finalise(&history, epoch);
        assert_eq!(shop.asked(&history, "A-1"), format!("holds {verdict}"));
    }
    assert!(matches!(history.finalise(5, 1, 1), Err(HistoryError::NotWaiting(5))));
    for (before, after) in waiting.iter().zip(&waiting[1..]) {
        assert_eq!(after.header.parent, before.hash);
    }
}

#[test]
fn what_waits_is_taken_back_and_computed_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shop, history) = stocked(folder.path());
    let voided = shop.add("A-3", Kind::Voided);
    let first = shop.compute(&history);
    shop.add("A-5", Kind::Voided);
    let late = history.compute_epoch(&shop.take()).unwrap();
    history.truncate(3);
    assert_eq!((history.tip(), history.waiting()), (history.final_epoch(), (0, 0)));
    // ComputedEpoch on what is no more.
    let refused = history.push(late);
    assert!(matches!(refused, Err(HistoryError::Map(MapError::OtherState))));
    assert!(matches!(history.finalise(4, 1, 1), Err(HistoryError::NotWaiting(4))));
    let again = history.compute_epoch(&[voided]).unwrap();
    assert_eq!(
        (again.header, again.hash, &again.data),
        (first.header, first.hash, &first.data)
    );
    history.publish(&again).unwrap();
    history.push(again).unwrap();
    shop.finalise(&history, &first);
    assert_eq!(shop.asked(&history, "A-3"), "holds voided");
    // Final epochs stay.
    history.truncate(1);
    assert_eq!(history.final_epoch(), (4, first.hash));
}

#[test]
fn a_history_goes_on_where_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shop, history) = stocked(folder.path());
    let at = history.final_epoch();
    shop.add("A-3", Kind::Sold);
    let events = shop.take();
    let computed = history.compute_epoch(&events).unwrap();
    let header = computed.header;
    history.publish(&computed).unwrap();
    history.push(computed).unwrap();
    let twice = History::open(folder.path(), shop.identity.merchant_id);
    assert!(matches!(twice, Err(HistoryError::Map(MapError::Locked(_)))));
    drop(history);

    let history = shop.open(folder.path());
    assert_eq!((history.final_epoch(), history.tip()), (at, at));
    for (code, verdict) in STOCK {
        assert_eq!(shop.asked(&history, code), verdict);
    }
    // What waited is read back from what was published, and is the same epoch.
    let data = history.read_data(4, &header.data_hash).unwrap();
    let computed = history.compute_epoch(&epoch::decode_data(&data).unwrap()).unwrap();
    assert_eq!(computed.header, header);
    history.push(computed).unwrap();
    let again = history.compute_epoch(&events);
    assert!(matches!(again, Err(HistoryError::Breach(breach)) if breach.rule == Rule::VersionGap));
}

#[test]
fn what_an_auditor_would_refuse_is_not_computed() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, history) = stocked(folder.path());
    let last = history.prove(&shop.key("A-3")).unwrap().events.pop().unwrap().event;
    let next = KeyEvent {
        version: 3,
        kind: Kind::Sold,
        prev: last.hash(),
        at_ms: last.at_ms,
        ..last
    };
    assert!(history.compute_epoch(&[next]).is_ok());
    let after = KeyEvent { version: 4, ..next };
    for (events, rule) in [
        (vec![], Rule::Inclusion),
        (vec![next, next], Rule::VersionGap),
        (vec![after, next], Rule::Inclusion),
        (vec![after], Rule::VersionGap),
        (vec![last], Rule::VersionGap),
        (
            vec![KeyEvent {
                prev: B256::ZERO,
                ..next
            }],
            Rule::BrokenLink,
        ),
        (
            vec![KeyEvent {
                kind: Kind::Redeemed,
                ..next
            }],
            Rule::IllegalTransition,
        ),
        (
            vec![KeyEvent {
                at_ms: last.at_ms - 1,
                ..next
            }],
            Rule::Clock,
        ),
    ] {
        let computed = history.compute_epoch(&events);
        assert!(
            matches!(&computed, Err(HistoryError::Breach(breach)) if breach.rule == rule),
            "{rule:?}: {:?}",
            computed.err()
        );
    }
}

#[test]
fn data_is_published_once_and_replaced_where_nothing_rests_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shop, history) = stocked(folder.path());
    shop.add("A-3", Kind::Sold);
    let one = history.compute_epoch(&shop.take()).unwrap();
    shop.add("A-5", Kind::Voided);
    let other = history.compute_epoch(&shop.take()).unwrap();
    let path = history.published_path(EpochFile::Events(4));
    assert!(path.ends_with("data/epochs/0000000004.events"));
    assert!(matches!(
        history.read_data(4, &one.header.data_hash),
        Err(HistoryError::Missing(_))
    ));

    history.publish(&one).unwrap();
    let inode = fs::metadata(&path).unwrap().ino();
    history.publish(&one).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().ino(), inode, "left as it was");
    assert_eq!(history.read_data(4, &one.header.data_hash).unwrap(), one.data);

    history.publish(&other).unwrap();
    assert_eq!(fs::read(&path).unwrap(), other.data);
    assert!(matches!(
        history.read_data(4, &one.header.data_hash),
        Err(HistoryError::Differs(_))
    ));
    // Nothing else is in the folder that is published. A header comes with the final block.
    let names = fs::read_dir(folder.path().join("data/epochs")).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort_unstable();
    let endings = |number| {
        if number < 4 {
            vec!["delta", "events", "header.json"]
        } else {
            vec!["delta", "events"]
        }
    };
    let of_epoch = |number: u64| {
        endings(number)
            .into_iter()
            .map(move |ending| format!("{number:010}.{ending}"))
    };
    let expected: Vec<OsString> = (1..=4).flat_map(of_epoch).map(OsString::from).collect();
    assert_eq!(names, expected);
}

#[test]
fn a_kill_between_proofs_and_map_leaves_a_history_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shop, history) = stocked(folder.path());
    shop.add("A-3", Kind::Sold);
    let events = shop.take();
    let epoch = history.compute_epoch(&events).unwrap();
    history.publish(&epoch).unwrap();
    drop(history);
    // As the kill would leave it, and a torn temporary file from one that came earlier still.
    let proofs = folder.path().join("proofs");
    fs::write(proofs.join("0000000004.proofs"), b"of an earlier try").unwrap();
    fs::write(proofs.join("0000000004.proofs.next"), b"torn").unwrap();
    fs::write(folder.path().join("data/epochs/0000000005.events.next"), b"torn").unwrap();

    let history = shop.open(folder.path());
    assert_eq!(history.final_epoch().0, 3);
    assert_eq!(shop.asked(&history, "A-3"), "holds activated");
    let computed = history.compute_epoch(&events).unwrap();
    history.push(computed).unwrap();
    shop.finalise(&history, &epoch);
    assert_eq!(shop.asked(&history, "A-3"), "holds sold");
}

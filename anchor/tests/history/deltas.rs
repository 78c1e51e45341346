//! The deltas that are published beside the data: a light audit follows every epoch by them, and a crash between the
//! two files costs nothing.

use std::fs;

use alloy_primitives::{B256, keccak256};
use shelfproof_anchor::history::{ComputedEpoch, EpochFile, History, HistoryError};
use shelfproof_verifier::audit::LightEpoch;
use shelfproof_verifier::breach::Rule;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::history::EMPTY;

use crate::shop::{Shop, stocked};

/// Follows what was published of that epoch from the history root before it, as an auditor without a map does.
fn follow(history: &History, epoch: &ComputedEpoch, root_before: &B256) {
    let number = epoch.header.number;
    let data = fs::read(history.published_path(EpochFile::Events(number))).unwrap();
    let delta = fs::read(history.published_path(EpochFile::Delta(number))).unwrap();
    assert_eq!((&data, &delta), (&epoch.data, &epoch.delta));
    let light = LightEpoch::read(&epoch.header, &data, 1).unwrap();
    assert_eq!(light.follow(root_before, &delta, u64::MAX), Ok(()), "epoch {number}");
}

#[test]
fn every_epoch_is_published_with_the_delta_that_leads_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(1);
    let history = shop.open(folder.path());
    assert!(
        history
            .published_path(EpochFile::Delta(3))
            .ends_with("data/epochs/0000000003.delta")
    );
    let codes: Vec<String> = (0..60).map(|number| format!("DELTA-{number}")).collect();
    for code in &codes {
        shop.add(code, Kind::Generated);
    }
    let first = shop.compute_final(&history);
    follow(&history, &first, &EMPTY);
    for code in codes.iter().step_by(2) {
        shop.add(code, Kind::Activated);
        shop.add(code, Kind::Sold);
    }
    let second = shop.compute(&history);
    follow(&history, &second, &first.header.history_root);
    // The newest events of these keys lie in the first epoch, which is final, and in the second, which waits.
    for (index, code) in codes.iter().enumerate().step_by(3) {
        shop.add(code, if index % 2 == 0 { Kind::Redeemed } else { Kind::Voided });
    }
    shop.add("DELTA-NEW", Kind::Generated);
    let third = shop.compute(&history);
    follow(&history, &third, &second.header.history_root);
}

/// Several threads read and write their shares of the delta.
#[test]
fn a_large_epoch_has_its_delta_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(1);
    let history = shop.open(folder.path());
    let keys: Vec<B256> = (0..12_000u64).map(|number| keccak256(number.to_be_bytes())).collect();
    for key in &keys {
        shop.add_to(*key, Kind::Generated);
    }
    let first = shop.compute_final(&history);
    follow(&history, &first, &EMPTY);
    for key in &keys[..9_000] {
        shop.add_to(*key, Kind::Activated);
    }
    let second = shop.compute_final(&history);
    follow(&history, &second, &first.header.history_root);
}

#[test]
fn a_delta_that_is_missing_cut_short_or_another_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shop, history) = stocked(folder.path());
    shop.add("A-3", Kind::Sold);
    let computed = history.compute_epoch(&shop.take()).unwrap();
    history.publish(&computed).unwrap();
    let path = history.published_path(EpochFile::Delta(4));
    let right = fs::read(&path).unwrap();
    assert_eq!(right, computed.delta);
    // As a crash between the two files leaves it, and as an epoch that was never anchored does.
    fs::remove_file(&path).unwrap();
    history.publish(&computed).unwrap();
    assert_eq!(fs::read(&path).unwrap(), right);
    for other in [&right[1..], &[&right[..], &[0]].concat(), &vec![7; right.len()]] {
        fs::write(&path, other).unwrap();
        history.publish(&computed).unwrap();
        assert_eq!(fs::read(&path).unwrap(), right);
    }
}

#[test]
fn without_the_data_before_it_no_epoch_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shop, history) = stocked(folder.path());
    let path = history.published_path(EpochFile::Events(2));
    let right = fs::read(&path).unwrap();
    // The newest event of this key lies in the second epoch.
    shop.add("A-3", Kind::Sold);
    let events = shop.take();
    let refused = |what: &str| {
        let error = history.compute_epoch(&events).err().expect(what);
        assert!(matches!(error, HistoryError::Damaged { .. }), "{what}: {error}");
        assert!(error.to_string().contains("0000000002.events"), "{error}");
    };
    fs::write(&path, &right[1..]).unwrap();
    refused("cut short");
    let changed: Vec<u8> = right
        .chunks(109)
        .flat_map(|record| [&record[..108], &[record[108] ^ 1]].concat())
        .collect();
    fs::write(&path, changed).unwrap();
    refused("changed");
    fs::remove_file(&path).unwrap();
    refused("removed");
    fs::write(&path, right).unwrap();
    assert!(history.compute_epoch(&events).is_ok());
}

#[test]
fn key_ids_that_crowd_one_place_are_not_anchored() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(1);
    let history = shop.open(folder.path());
    let crowding = |number: u64| {
        let mut key = keccak256(number.to_be_bytes());
        key[..6].fill(0xC0);
        key
    };
    for number in 0..256 {
        shop.add_to(crowding(number), Kind::Generated);
    }
    shop.compute(&history);
    shop.add_to(crowding(256), Kind::Generated);
    let refused = history.compute_epoch(&shop.take());
    assert!(matches!(refused, Err(HistoryError::Breach(breach)) if breach.rule == Rule::KeyIds));
}

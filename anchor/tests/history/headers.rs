//! The headers that are published beside the data once an epoch is final, so that auditors need no old logs.

use std::fs;

use shelfproof_anchor::history::{EpochFile, History};
use shelfproof_verifier::epoch::ListedHeader;
use shelfproof_verifier::event::Kind;

use crate::shop::{Shop, stocked};

fn published(history: &History, number: u64) -> ListedHeader {
    ListedHeader::parse(&fs::read(history.published_path(EpochFile::Header(number))).unwrap()).unwrap()
}

#[test]
fn a_header_is_published_with_its_block_once_its_epoch_is_final() {
    let folder = tempfile::tempdir().unwrap();
    let mut shop = Shop::new(1);
    let history = shop.open(folder.path());
    shop.add("A-1", Kind::Generated);
    let epoch = shop.compute(&history);
    let path = history.published_path(EpochFile::Header(1));
    assert!(path.ends_with("data/epochs/0000000001.header.json"));
    assert!(!path.exists(), "its block is not known yet");
    shop.finalise(&history, &epoch);
    let listed = published(&history, 1);
    assert_eq!((listed.header, listed.block), (epoch.header, Some(101)));
    assert_eq!(listed.header.hash(&shop.identity.merchant_id), epoch.hash);
}

/// A crash before the map advances leaves the header of an epoch that is not in the map, whole or missing.
#[test]
fn a_header_that_a_crash_left_or_lost_is_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shop, history) = stocked(folder.path());
    shop.add("A-3", Kind::Sold);
    let epoch = shop.compute(&history);
    let path = history.published_path(EpochFile::Header(4));
    fs::write(&path, b"of a chain that lost final blocks").unwrap();
    fs::write(path.with_extension("json.next"), b"{").unwrap();
    shop.finalise(&history, &epoch);
    assert_eq!(published(&history, 4).header, epoch.header);
}

#[test]
fn a_header_file_that_breaks_a_rule_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (_, history) = stocked(folder.path());
    let right = published(&history, 1).to_file();
    for (text, named) in [
        (right.replace("\"parent\"", "\"parents\""), "header.parent"),
        (right.replace("\"number\":1", "\"number\":01"), ""),
        (
            right.replace("\"eventCount\":4", "\"eventCount\":0"),
            "header.eventCount",
        ),
        (
            format!("{right}{}", " ".repeat(ListedHeader::MAX_FILE_BYTES)),
            "at most 4096 bytes",
        ),
        (right[1..].to_owned(), ""),
    ] {
        let refused = ListedHeader::parse(text.as_bytes()).unwrap_err();
        assert!(refused.detail.contains(named), "{named}: {}", refused.detail);
    }
}

//! What is lost, cut short, flipped or another's is noticed, and told with what to do.

use std::fs;
use std::path::{Path, PathBuf};

use shelfproof_anchor::history::{History, HistoryError, Proven};
use shelfproof_verifier::B256;
use shelfproof_verifier::epoch;
use shelfproof_verifier::event::Kind;

use super::shop::{STOCK, Shop, stocked};

fn data_file(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("data/epochs/{number:010}.events"))
}

fn proofs_file(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("proofs/{number:010}.proofs"))
}

/// What the history proves of every key.
fn all(history: &History, keys: &[B256]) -> Vec<Result<Proven, HistoryError>> {
    keys.iter().map(|key| history.prove(key)).collect()
}

fn is_damaged(error: &HistoryError, named: &Path) -> bool {
    let HistoryError::Damaged { path, .. } = error else {
        return false;
    };
    path == named && error.to_string().contains("shelfproof-anchor rebuild")
}

#[test]
fn a_flipped_byte_is_noticed_by_the_keys_that_it_concerns_and_harms_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, history) = stocked(folder.path());
    let keys: Vec<B256> = STOCK.iter().map(|(code, _)| shop.key(code)).collect();
    let whole: Vec<Proven> = all(&history, &keys).into_iter().map(Result::unwrap).collect();
    for number in 1..=3 {
        // The root among the nodes is the one byte string that no path reads.
        let events = usize::try_from(whole[0].epochs[usize::try_from(number).unwrap() - 1].header.event_count).unwrap();
        let root = 232 + 8 * events;
        for (path, skipped) in [
            (data_file(folder.path(), number), 0..0),
            (proofs_file(folder.path(), number), root..root + 32),
        ] {
            let bytes = fs::read(&path).unwrap();
            for at in (0..bytes.len()).filter(|at| !skipped.contains(at)) {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1;
                fs::write(&path, &flipped).unwrap();
                let mut noticed = 0;
                for (proven, whole) in all(&history, &keys).into_iter().zip(&whole) {
                    match proven {
                        Ok(proven) => assert_eq!(proven, *whole, "byte {at} of {}", path.display()),
                        Err(HistoryError::Damaged { path, .. }) => {
                            assert!(path.starts_with(folder.path()));
                            noticed += 1;
                        }
                        Err(error) => panic!("byte {at} of {}: {error}", path.display()),
                    }
                }
                assert!(noticed > 0, "byte {at} of {}", path.display());
            }
            fs::write(&path, &bytes).unwrap();
        }
    }
    for (proven, whole) in all(&history, &keys).into_iter().zip(whole) {
        assert_eq!(proven.unwrap(), whole);
    }
}

#[test]
fn a_file_that_is_cut_short_or_gone_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, history) = stocked(folder.path());
    let key = shop.key("A-1");
    for number in 1..=3 {
        for path in [data_file(folder.path(), number), proofs_file(folder.path(), number)] {
            let bytes = fs::read(&path).unwrap();
            for length in [0, 1, 8, 100, 231, 232, bytes.len() / 2, bytes.len() - 1] {
                fs::write(&path, &bytes[..length.min(bytes.len() - 1)]).unwrap();
                let error = history.prove(&key).unwrap_err();
                assert!(is_damaged(&error, &path), "{length} bytes: {error}");
            }
            fs::write(&path, [bytes.as_slice(), b"."].concat()).unwrap();
            let error = history.prove(&key).unwrap_err();
            assert!(is_damaged(&error, &path), "a byte more: {error}");
            fs::remove_file(&path).unwrap();
            let error = history.prove(&key).unwrap_err();
            assert!(is_damaged(&error, &path), "gone: {error}");
            fs::write(&path, &bytes).unwrap();
        }
    }
    assert_eq!(shop.asked(&history, "A-1"), "holds sold");
}

#[test]
fn proofs_in_the_place_of_anothers_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, history) = stocked(folder.path());
    for (from, to) in [(1, 2), (2, 3)] {
        let path = proofs_file(folder.path(), to);
        let bytes = fs::read(&path).unwrap();
        fs::copy(proofs_file(folder.path(), from), &path).unwrap();
        let error = history.prove(&shop.key("A-1")).unwrap_err();
        assert!(is_damaged(&error, &path), "{error}");
        fs::write(&path, bytes).unwrap();
    }
}

#[test]
fn a_folder_whose_map_is_gone_or_whose_proofs_are_is_made_anew_from_what_is_published() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shop, history) = stocked(folder.path());
    let at = history.final_epoch();
    let merchant_id = shop.identity.merchant_id;
    drop(history);

    let proofs = proofs_file(folder.path(), 3);
    let kept = fs::read(&proofs).unwrap();
    fs::remove_file(&proofs).unwrap();
    let error = History::open(folder.path(), merchant_id).err().unwrap();
    assert!(is_damaged(&error, &proofs), "{error}");
    fs::write(&proofs, kept).unwrap();

    let map = folder.path().join("map");
    fs::remove_dir_all(&map).unwrap();
    let error = History::open(folder.path(), merchant_id).err().unwrap();
    assert!(is_damaged(&error, &map), "{error}");

    History::clear(folder.path()).unwrap();
    let history = shop.open(folder.path());
    assert_eq!(history.final_epoch().0, 0);
    assert!(
        matches!(History::clear(folder.path()), Err(HistoryError::Map(_))),
        "it is open"
    );
    for number in 1..=3 {
        let data = fs::read(data_file(folder.path(), number)).unwrap();
        let computed = history.compute_epoch(&epoch::decode_data(&data).unwrap()).unwrap();
        let again = history.compute_epoch(&epoch::decode_data(&data).unwrap()).unwrap();
        history.publish(&computed).unwrap();
        history.push(computed).unwrap();
        shop.finalise(&history, &again);
    }
    assert_eq!(history.final_epoch(), at);
    for (code, verdict) in STOCK {
        assert_eq!(shop.asked(&history, code), verdict);
    }
}

#[test]
fn a_map_of_another_epoch_than_its_proofs_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (shop, history) = stocked(folder.path());
    drop(history);
    // The same merchant's history, had it gone otherwise.
    let other = tempfile::tempdir().unwrap();
    let mut otherwise = Shop::new(1);
    let elsewhere = otherwise.open(other.path());
    for kind in [Kind::Generated, Kind::Activated, Kind::Sold] {
        otherwise.add("A-9", kind);
        otherwise.compute_final(&elsewhere);
    }
    drop(elsewhere);
    let map = folder.path().join("map");
    fs::remove_dir_all(&map).unwrap();
    fs::rename(other.path().join("map"), &map).unwrap();
    let error = History::open(folder.path(), shop.identity.merchant_id).err().unwrap();
    assert!(is_damaged(&error, &proofs_file(folder.path(), 3)), "{error}");
}

#[test]
fn another_merchants_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_, history) = stocked(folder.path());
    drop(history);
    let refused = History::open(folder.path(), Shop::new(2).identity.merchant_id);
    assert!(matches!(refused, Err(HistoryError::OtherMerchant(_))));
}

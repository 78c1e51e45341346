//! A map whose files are damaged.

use std::fs;
use std::path::{Path, PathBuf};

use super::kills::child_epoch;
use super::*;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// A map with a few epochs, the first of them flushed from the journal to a table, and its state after each.
fn whole_map(path: &Path) -> Vec<Heads> {
    let mut states = vec![Heads::new()];
    for epoch in 1..=3 {
        let mut map = Map::open(path).unwrap();
        let mut heads = states[states.len() - 1].clone();
        heads.extend(child_epoch(epoch));
        advance(&mut map, &child_epoch(epoch));
        states.push(heads);
        drop(map);
        if epoch == 1 {
            let database = fjall::Database::builder(path.join("store")).open().unwrap();
            let rows = database
                .keyspace("history", fjall::KeyspaceCreateOptions::default)
                .unwrap();
            rows.rotate_memtable_and_wait().unwrap();
        }
    }
    states
}

/// Checks that opening or reading the damaged map fails, or shows one of the epochs whole.
fn assert_noticed(path: &Path, states: &[Heads], what: &str) -> bool {
    let answer = Map::open(path).and_then(|map| {
        let heads = &states[usize::try_from(map.epoch().0).unwrap()];
        let keys: Vec<B256> = heads.keys().copied().collect();
        assert_eq!(map.root(), root_of(heads), "{what}");
        assert_eq!(
            heads_in(&map, &keys)?,
            heads.values().copied().map(Some).collect::<Vec<_>>(),
            "{what}"
        );
        Ok(())
    });
    if let Err(error) = &answer {
        assert!(
            matches!(
                error,
                MapError::Damaged { .. } | MapError::Io { .. } | MapError::Foreign(_)
            ),
            "{what}: {error}"
        );
    }
    answer.is_err()
}

#[test]
fn a_flipped_byte_is_noticed_or_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    let states = whole_map(&whole);
    let mut noticed = 0;
    for file in files(&whole) {
        let length = fs::metadata(&file).unwrap().len().min(3 << 20);
        // A journal's file is allocated in advance: the bytes after its end are zeros and have no effect.
        for place in 0..length.min(10) {
            copy(&whole, &broken);
            let target = broken.join(file.strip_prefix(&whole).unwrap());
            let mut bytes = fs::read(&target).unwrap();
            let Some(byte) = bytes.get_mut(usize::try_from(length * place / 10).unwrap()) else {
                continue;
            };
            *byte ^= 0x10;
            fs::write(&target, bytes).unwrap();
            noticed += u32::from(assert_noticed(
                &broken,
                &states,
                &format!("{} at {place}", target.display()),
            ));
            fs::remove_dir_all(&broken).unwrap();
        }
    }
    assert!(noticed > 10, "noticed {noticed}");
}

#[test]
fn a_deleted_file_is_noticed_or_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    let states = whole_map(&whole);
    let mut noticed = 0;
    for file in files(&whole) {
        copy(&whole, &broken);
        let target = broken.join(file.strip_prefix(&whole).unwrap());
        fs::remove_file(&target).unwrap();
        noticed += u32::from(assert_noticed(&broken, &states, &target.display().to_string()));
        fs::remove_dir_all(&broken).unwrap();
    }
    assert!(noticed > 2, "noticed {noticed}");
}

/// The store's own checksums are right here: what is wrong is what the rows say.
#[test]
fn rows_that_do_not_belong_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, broken) = (folder.path().join("whole"), folder.path().join("broken"));
    whole_map(&whole);
    let refused = |change: &dyn Fn(&fjall::Keyspace)| {
        copy(&whole, &broken);
        let database = fjall::Database::builder(broken.join("store")).open().unwrap();
        let rows = database
            .keyspace("history", fjall::KeyspaceCreateOptions::default)
            .unwrap();
        change(&rows);
        drop((rows, database));
        let error = Map::open(&broken).err().expect("it opened").to_string();
        fs::remove_dir_all(&broken).unwrap();
        error
    };
    let marker = |change: &dyn Fn(&mut Vec<u8>)| {
        refused(&|rows| {
            let mut bytes = rows.get([0]).unwrap().unwrap().to_vec();
            change(&mut bytes);
            rows.insert([0], bytes).unwrap();
        })
    };
    let bucket = |change: &dyn Fn(&mut Vec<u8>)| {
        refused(&|rows| {
            let (key, value) = rows.last_key_value().unwrap().into_inner().unwrap();
            let mut bytes = value.to_vec();
            change(&mut bytes);
            rows.insert(key, bytes).unwrap();
        })
    };
    let other_epoch = "its buckets are not those of the epoch it names";
    let no_row = "a row is of no legal form";
    let gap = "its buckets leave a gap or overlap";
    for (said, expected) in [
        (
            refused(&|rows| rows.remove([0]).unwrap()),
            "the row that names its epoch is gone",
        ),
        (
            marker(&|bytes| bytes.truncate(79)),
            "the row that names its epoch is of no legal form",
        ),
        (marker(&|bytes| bytes[40] ^= 1), other_epoch),
        (marker(&|bytes| bytes[79] ^= 1), other_epoch),
        (bucket(&|bytes| bytes[1] ^= 1), other_epoch),
        (bucket(&|bytes| bytes.truncate(bytes.len() - 85)), other_epoch),
        (bucket(&|bytes| bytes.truncate(bytes.len() - 1)), no_row),
        (bucket(&|bytes| bytes[33 + 68] = 0), no_row),
        (bucket(&|bytes| bytes.clear()), no_row),
        (bucket(&|bytes| bytes[0] += 1), gap),
        (refused(&|rows| rows.insert([7; 7], [0; 33]).unwrap()), no_row),
        (refused(&|rows| rows.insert([0xFF; 32], [255; 33]).unwrap()), gap),
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

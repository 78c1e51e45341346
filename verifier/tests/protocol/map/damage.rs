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
            map.heads(&keys)?,
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

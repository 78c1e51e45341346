//! The history map on disk: against the trie in memory, across reopening, kills and damage.

#![cfg(feature = "map")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use alloy_primitives::keccak256;
use proptest::prelude::*;
use shelfproof_verifier::B256;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::history::{self, Head, Proven};
use shelfproof_verifier::map::{BUCKET_RECORDS, Map, MapError};

type Heads = BTreeMap<B256, Head>;

fn head(seed: u64) -> Head {
    let kind = Kind::ALL[usize::try_from(seed % 10).unwrap()];
    Head {
        version: seed as u32 | 1,
        hash: keccak256(seed.to_be_bytes()),
        kind,
        at_ms: seed * 1_000,
        epoch: seed,
    }
}

fn root_of(heads: &Heads) -> B256 {
    history::root_of(
        &heads
            .iter()
            .map(|(key, head)| (*key, head.value_hash()))
            .collect::<Vec<_>>(),
    )
}

/// The hash of an epoch in these tests.
fn named(epoch: u64) -> B256 {
    keccak256(epoch.to_be_bytes())
}

fn advance(map: &mut Map, updates: &Heads) {
    let updates: Vec<_> = updates.iter().map(|(key, head)| (*key, *head)).collect();
    let plan = map.plan(&updates).unwrap();
    let (root, epoch) = (plan.root(), map.epoch().0 + 1);
    map.commit(plan, epoch, named(epoch)).unwrap();
    assert_eq!(map.root(), root);
}

/// Root, length, heads and proofs are those of the trie in memory.
fn assert_holds(map: &Map, heads: &Heads) {
    assert_eq!(map.root(), root_of(heads));
    assert_eq!(map.len(), heads.len() as u64);
    assert_eq!(map.is_empty(), heads.is_empty());
    let mut keys: Vec<B256> = heads.keys().copied().collect();
    // Keys beside those that are there, and keys anywhere.
    keys.extend(heads.keys().map(|key| flipped(*key, 255)));
    keys.extend((0..50u64).map(|seed| keccak256(seed.to_le_bytes())));
    keys.sort_unstable();
    assert_eq!(
        map.heads(&keys).unwrap(),
        keys.iter().map(|key| heads.get(key).copied()).collect::<Vec<_>>()
    );
    let leaves: Vec<_> = heads.iter().map(|(key, head)| (*key, head.value_hash())).collect();
    for key in keys.iter().step_by(keys.len() / 300 + 1) {
        assert_eq!(map.head(key).unwrap(), heads.get(key).copied());
        let proof = map.prove(key).unwrap();
        assert_eq!(proof, history::prove_from(&leaves, key));
        let told = heads.get(key).map_or(Proven::Absent, |head| Proven::Present {
            value_hash: head.value_hash(),
        });
        assert_eq!(history::climb(key, &proof, &map.root()), Some(told));
    }
}

fn flipped(mut key: B256, bit: usize) -> B256 {
    key[bit / 8] ^= 0x80 >> (bit % 8);
    key
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_epochs_give_the_roots_heads_and_proofs_of_the_trie(
        epochs in prop::collection::vec(prop::collection::vec((0..400u64, 0..4usize, any::<u64>()), 0..150), 1..6)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut map = Map::open(folder.path()).unwrap();
        let mut heads = Heads::new();
        for (at, epoch) in epochs.iter().enumerate() {
            let updates: Heads = epoch.iter().map(|(number, shared, seed)| {
                let mut key = keccak256(number.to_be_bytes());
                key[..shared * 2].fill(0x5A);
                (key, head(seed % (1 << 40)))
            }).collect();
            heads.extend(&updates);
            advance(&mut map, &updates);
            assert_holds(&map, &heads);
            if at % 2 == 0 {
                drop(map);
                map = Map::open(folder.path()).unwrap();
                prop_assert_eq!(map.epoch(), (at as u64 + 1, named(at as u64 + 1)));
                assert_holds(&map, &heads);
            }
        }
    }
}

#[test]
fn a_large_epoch_is_worked_on_by_two_threads_and_comes_to_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = Map::open(folder.path()).unwrap();
    assert_holds(&map, &Heads::new());
    let mut heads = Heads::new();
    for epoch in 0..3u64 {
        let updates: Heads = (epoch * 4_000..epoch * 4_000 + 9_000)
            .map(|seed| (keccak256(seed.to_be_bytes()), head(seed + epoch)))
            .collect();
        heads.extend(&updates);
        advance(&mut map, &updates);
        assert_holds(&map, &heads);
    }
    drop(map);
    assert_holds(&Map::open(folder.path()).unwrap(), &heads);
}

/// Key ids ground to share their first bits: the buckets above stay few, the crowded one splits no further than its
/// bound, and every answer is right.
#[test]
fn keys_that_share_sixty_bits_neither_split_without_end_nor_go_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = Map::open(folder.path()).unwrap();
    let mut heads = Heads::new();
    for epoch in 0..3u64 {
        let updates: Heads = (0..40 * BUCKET_RECORDS as u64)
            .map(|seed| {
                let mut key = keccak256((epoch * 300 + seed).to_be_bytes());
                key[..7].fill(0xC3);
                key[7] |= 0xF0;
                (key, head(seed + epoch))
            })
            .collect();
        heads.extend(&updates);
        advance(&mut map, &updates);
        assert_holds(&map, &heads);
    }
    // And one that leaves the crowd at every bit.
    let (crowded, one) = heads.iter().next().map(|(key, head)| (*key, *head)).unwrap();
    let updates: Heads = (0..60).map(|bit| (flipped(crowded, bit), one)).collect();
    heads.extend(&updates);
    advance(&mut map, &updates);
    assert_holds(&map, &heads);
    drop(map);
    assert_holds(&Map::open(folder.path()).unwrap(), &heads);
}

#[test]
fn a_plan_is_committed_on_the_state_it_was_made_on_as_the_next_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let mut map = Map::open(folder.path()).unwrap();
    let updates = [(named(1), head(1))];
    let (first, second) = (map.plan(&updates).unwrap(), map.plan(&[(named(2), head(2))]).unwrap());
    assert!(matches!(
        map.commit(first, 2, named(2)),
        Err(MapError::Number { wanted: 1, given: 2 })
    ));
    let first = map.plan(&updates).unwrap();
    map.commit(first, 1, named(1)).unwrap();
    assert!(matches!(map.commit(second, 2, named(2)), Err(MapError::OtherState)));
    assert_eq!(map.epoch(), (1, named(1)));
    // An epoch that happens to change nothing still moves the marker.
    let idle = map.plan(&[]).unwrap();
    assert_eq!(idle.root(), map.root());
    map.commit(idle, 2, named(2)).unwrap();
    assert_eq!(map.epoch(), (2, named(2)));
}

#[test]
fn keys_out_of_order_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let map = Map::open(folder.path()).unwrap();
    let (low, high) = (B256::repeat_byte(1), B256::repeat_byte(2));
    assert!(matches!(
        map.plan(&[(low, head(1)), (high, head(1)), (low, head(1))]),
        Err(MapError::Order(2))
    ));
    assert!(matches!(
        map.plan(&[(low, head(1)), (low, head(2))]),
        Err(MapError::Order(1))
    ));
    assert!(matches!(map.heads(&[high, low]), Err(MapError::Order(1))));
    assert_eq!(map.heads(&[low, low]).unwrap(), [None, None]);
}

#[test]
fn a_folder_that_is_open_elsewhere_or_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let map = Map::open(folder.path()).unwrap();
    assert!(matches!(Map::open(folder.path()), Err(MapError::Locked(_))));
    drop(map);
    Map::open(folder.path()).unwrap();
    fs::write(folder.path().join("format"), "shelfproof history map 2\n").unwrap();
    assert!(matches!(Map::open(folder.path()), Err(MapError::Foreign(_))));

    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("letters.txt"), "mine").unwrap();
    assert!(matches!(Map::open(other.path()), Err(MapError::Foreign(_))));
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 1);
}

// Kills.

const CHILD: &str = "SHELFPROOF_TEST_MAP";
const CHILD_UPDATES: u64 = 3_000;

/// The epochs that the killed child writes: a pure function of their number.
fn child_epoch(epoch: u64) -> Heads {
    (0..CHILD_UPDATES)
        .map(|at| {
            let number = u64::from_be_bytes(
                *keccak256([epoch, at].map(u64::to_be_bytes).concat())
                    .first_chunk()
                    .unwrap(),
            );
            (
                keccak256((number % 20_000).to_be_bytes()),
                head(epoch * CHILD_UPDATES + at),
            )
        })
        .collect()
}

/// Not a test by itself: the process that the next test kills. It says each epoch that it was told is on disk.
#[test]
fn child_that_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let mut map = Map::open(PathBuf::from(&folder)).unwrap();
    loop {
        let epoch = map.epoch().0 + 1;
        advance(&mut map, &child_epoch(epoch));
        fs::write(Path::new(&folder).with_extension("said"), epoch.to_string()).unwrap();
    }
}

#[test]
fn a_kill_leaves_one_epoch_or_the_next_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (path, said) = (folder.path().join("map"), folder.path().join("map.said"));
    let (mut heads, mut at) = (Heads::new(), 0);
    let start = Instant::now();
    for round in 0..12u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_is_killed", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(60 + 37 * (round * round % 7)));
        assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();

        let told: u64 = fs::read_to_string(&said)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        let map = Map::open(&path).unwrap();
        let (epoch, hash) = map.epoch();
        // What was said to be on disk is there; at most one more was on its way.
        assert!(epoch == told || epoch == told + 1, "epoch {epoch}, told {told}");
        assert!(epoch == 0 || hash == named(epoch));
        for epoch in at + 1..=epoch {
            heads.extend(child_epoch(epoch));
        }
        at = epoch;
        assert_holds(&map, &heads);
        if start.elapsed() > Duration::from_secs(15) {
            break;
        }
    }
    assert!(at > 3, "the child got to epoch {at} only");
}

// Damage.

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path))
        } else {
            files.push(path)
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
            copy(&path, &target)
        } else {
            fs::copy(&path, &target).map(drop).unwrap()
        }
    }
}

/// A map of a few epochs, the first of them flushed from the journal into a table, and its state after each.
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

/// Opening or reading the damaged map fails, or shows an epoch that once was, whole.
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
        // A journal is laid out in advance: what lies beyond its end is zeros, and harms nobody.
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

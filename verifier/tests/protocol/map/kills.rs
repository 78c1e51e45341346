//! A map whose process is killed while it writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::*;

/// The variable with the path of the child's map.
const CHILD: &str = "SHELFPROOF_TEST_MAP";

/// The number of times that the child is started and killed.
const ROUNDS: u64 = 13;

/// The longest time to open the map and write one epoch, on a slow machine.
const BOUND: Duration = Duration::from_mins(1);

/// The number of updates in each epoch.
const CHILD_UPDATES: u64 = 3_000;

/// The epochs that the killed child writes: a pure function of their number.
pub(crate) fn child_epoch(epoch: u64) -> Heads {
    (0..CHILD_UPDATES)
        .map(|at| {
            let number = u64::from_be_bytes(
                *keccak256([epoch, at].map(u64::to_be_bytes).concat())
                    .first_chunk()
                    .unwrap(),
            );
            // One of four is of a crowded place.
            let shared = if number.is_multiple_of(4) { 6 } else { 0 };
            (key(number % 20_000, shared), head(epoch * CHILD_UPDATES + at))
        })
        .collect()
}

/// The process that the next test kills; no test by itself. It writes down each epoch that was committed.
#[test]
#[ignore = "the process that the next test starts and kills"]
fn child_that_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let mut map = Map::open(PathBuf::from(&folder)).unwrap();
    loop {
        let epoch = map.epoch().0 + 1;
        advance(&mut map, &child_epoch(epoch));
        // Renamed into place, since a kill between truncating and writing would lose the number written before.
        let said = Path::new(&folder).with_extension("said");
        fs::write(said.with_extension("new"), epoch.to_string()).unwrap();
        fs::rename(said.with_extension("new"), said).unwrap();
    }
}

/// The store's threads in the background of that process.
fn workers(process: u32) -> usize {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "fjall:worker").count()
}

#[test]
fn a_kill_leaves_one_epoch_or_the_next_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (path, said) = (folder.path().join("map"), folder.path().join("map.said"));
    let (mut heads, mut at) = (Heads::new(), 0);
    for round in 0..ROUNDS {
        let (before, started) = (fs::read(&said).ok(), Instant::now());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "map::kills::child_that_is_killed"])
            .env(CHILD, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // On any machine, the child is killed after it wrote at least one epoch, while it writes a later one.
        while fs::read(&said).ok() == before {
            assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
            assert!(started.elapsed() < BOUND, "the child writes no epoch");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(37 * round % 41));
        assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
        assert_eq!(workers(child.id()), 1, "of several workers one would spin");
        child.kill().unwrap();
        child.wait().unwrap();

        let told: u64 = fs::read_to_string(&said).unwrap().parse().unwrap();
        let map = Map::open(&path).unwrap();
        let (epoch, hash) = map.epoch();
        // The map has every epoch that was committed or found before, and at most one more, which was being written.
        let least = told.max(at);
        assert!(
            epoch == least || epoch == least + 1,
            "epoch {epoch}, told {told}, was {at}"
        );
        assert_eq!(hash, named(epoch));
        for epoch in at + 1..=epoch {
            heads.extend(child_epoch(epoch));
        }
        at = epoch;
        assert_eq!(map.root(), root_of(&heads));
    }
    assert_holds(&Map::open(&path).unwrap(), &heads);
}

#[test]
fn a_crash_while_the_map_was_made_leaves_one_that_can_be_made() {
    for written in ["", "shelfproof hist", "shelfproof history map 1\n"] {
        let folder = tempfile::tempdir().unwrap();
        drop(Map::open(folder.path()).unwrap());
        // The state before the rename.
        fs::remove_file(folder.path().join("format")).unwrap();
        fs::write(folder.path().join("format.next"), written).unwrap();
        let mut map = Map::open(folder.path()).unwrap();
        let heads = child_epoch(1);
        advance(&mut map, &heads);
        drop(map);
        assert_holds(&Map::open(folder.path()).unwrap(), &heads);
        assert!(!folder.path().join("format.next").exists());
    }
}

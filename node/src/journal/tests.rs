use std::fs;
use std::sync::mpsc;

use shelfproof_anchor::journal::files::{Chunk, JournalFile, chunk, list};

use super::*;

const MERCHANT: B256 = B256::repeat_byte(3);

pub(super) fn record(batch: i64) -> Record {
    Record {
        batch,
        root: B256::repeat_byte(batch.to_le_bytes()[0]),
        anchor_by_s: 1_790_000_000,
        signature: [batch.to_le_bytes()[0]; 65],
        at_ms: 1_789_999_999_999,
    }
}

fn batches(chunk: &Chunk) -> Vec<i64> {
    chunk.records.iter().map(|record| record.batch).collect()
}

/// Two processes share a folder, and a third reads what both wrote; another merchant's files are not its own.
#[test]
fn writers_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let open = |merchant| Journal::open(folder.path(), merchant, || 1_790_000_000_000).unwrap();
    let (one, two, stranger) = (open(MERCHANT), open(MERCHANT), open(B256::repeat_byte(9)));
    let (told, tells) = mpsc::channel();
    for batch in 1..=300 {
        for journal in [&one, &two, &stranger] {
            let told = told.clone();
            journal.append(record(batch), move |is_written| told.send(is_written).unwrap());
        }
    }
    assert!(tells.iter().take(900).all(|is_written| is_written));
    assert!(one.state.knows(300) && one.trouble().is_none());
    let files = list(folder.path(), &MERCHANT).unwrap();
    let of_file = |file: &JournalFile| batches(&chunk(&file.path, &MERCHANT, 0).unwrap());
    let found: Vec<Vec<i64>> = files.iter().map(of_file).collect();
    assert_eq!(found, vec![(1..=300).collect::<Vec<_>>(); 2]);
    assert_eq!(files[0].begun_ms, 1_790_000_000_000);
}

/// The batches in the folder's files.
fn all_batches(folder: &Path) -> Vec<i64> {
    let files = list(folder, &MERCHANT).unwrap();
    let of_file = |file: &JournalFile| batches(&chunk(&file.path, &MERCHANT, 0).unwrap());
    files.iter().flat_map(of_file).collect()
}

/// Waits until there is trouble, or none.
async fn wait_for(journal: &Journal, is_trouble: bool) {
    let begun = Instant::now();
    while journal.trouble().is_some() != is_trouble {
        assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", journal.trouble());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_batch_that_is_asked_for_a_thousand_times_is_owed_once() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("journal");
    fs::create_dir(&folder).unwrap();
    let journal = Journal::open(&folder, MERCHANT, || 1_790_000_000_000).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    // Those that sold it and wait for the writer, and those that ask for it later.
    for _ in 0..10 {
        journal.append(record(7), |is_written| assert!(!is_written));
    }
    wait_for(&journal, true).await;
    for _ in 0..1_000 {
        assert!(journal.write(vec![record(7)]).await.is_err());
    }
    fs::create_dir(&folder).unwrap();
    wait_for(&journal, false).await;
    assert_eq!(all_batches(&folder), [7]);
    assert!(journal.state.knows(7) && !journal.state.owes(&[record(7)]));
}

static HANGS: AtomicBool = AtomicBool::new(false);

/// A clock that does not answer while [`HANGS`], as a disk may not.
fn hanging_clock() -> u64 {
    while HANGS.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(10));
    }
    1_790_000_000_000
}

#[tokio::test]
async fn a_write_that_hangs_is_trouble_until_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), MERCHANT, hanging_clock).unwrap();
    HANGS.store(true, Ordering::SeqCst);
    let (told, tells) = mpsc::channel();
    journal.append(record(1), move |is_written| told.send(is_written).unwrap());
    assert_eq!(journal.trouble(), None, "it has only begun");
    wait_for(&journal, true).await;
    assert!(journal.trouble().unwrap().contains("for more than 5 s"));
    assert!(journal.write(vec![record(1)]).await.is_err(), "nobody waits for it");
    HANGS.store(false, Ordering::SeqCst);
    wait_for(&journal, false).await;
    assert!(tells.recv().unwrap());
}

#[tokio::test]
async fn a_writer_that_ended_is_trouble() {
    for is_asked in [false, true] {
        let (writer, inbox) = mpsc::sync_channel(1);
        drop(inbox);
        let journal = Journal {
            folder: PathBuf::new(),
            merchant_id: MERCHANT,
            writer,
            state: Arc::default(),
        };
        if is_asked {
            assert!(journal.write(vec![record(1)]).await.is_err());
        } else {
            journal.append(record(1), |is_written| assert!(!is_written));
        }
        assert!(journal.trouble().unwrap().contains("the writer ended"));
    }
}

#[test]
fn a_folder_that_is_missing_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("not-mounted");
    assert!(Journal::open(&missing, MERCHANT, || 1).is_err());
    assert!(!missing.exists());
}

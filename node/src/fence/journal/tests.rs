use std::io;
use std::path::PathBuf;

use alloy_primitives::B256;
use shelfproof_anchor::journal::Record;

use super::super::tests::instance;
use super::*;

fn gap() -> Gap {
    let first = Record {
        batch: 7,
        root: B256::repeat_byte(1),
        anchor_by_s: 1_790_000_000,
        signature: [2; 65],
        at_ms: 1_789_999_999_000,
    };
    Gap::Missing { count: 3, first }
}

/// Connected to the first database, before any comparison.
fn fence() -> (JournalFence, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), B256::repeat_byte(3), || 1).unwrap();
    let fence = JournalFence::new(journal);
    fence.held.reached(instance(1));
    (fence, folder)
}

#[test]
fn nothing_is_sold_before_the_database_was_compared_with_the_journal() {
    let (fence, _folder) = fence();
    assert!(fence.refusal().is_some() && !fence.admits(&instance(1)));
    fence.note(Err(sqlx::Error::PoolTimedOut.into()));
    assert!(fence.refusal().unwrap().contains("the database does not answer"));
    fence.note(Ok((None, instance(1))));
    assert_eq!(fence.refusal(), None);
    assert!(fence.admits(&instance(1)) && !fence.admits(&instance(2)));
}

#[test]
fn a_database_that_lacks_a_batch_is_told_apart_by_its_first_one() {
    let (fence, _folder) = fence();
    fence.note(Ok((None, instance(1))));
    fence.held.reached(instance(2));
    fence.note(Ok((Some(gap()), instance(2))));
    assert!(!fence.admits(&instance(1)) && !fence.admits(&instance(2)));
    let why = fence.refusal().unwrap();
    let first = format!(
        "the first of 2026-09-21 14:13:19 UTC with the signed root {}",
        B256::repeat_byte(1)
    );
    assert!(why.contains("lacks 3 of the batches") && why.contains(&first), "{why}");
    assert!(gap().to_string().contains("Restore the newest backup"), "{}", gap());
    assert!(!why.contains("Restore the newest"), "how to repair it is for the log");
    // A comparison that fails changes nothing about what was found.
    fence.note(Err(sqlx::Error::PoolTimedOut.into()));
    assert_eq!(fence.refusal(), Some(why));
    fence.held.reached(instance(3));
    fence.note(Ok((None, instance(3))));
    assert!(fence.admits(&instance(3)));
}

#[test]
fn how_the_journal_cannot_be_read_is_told_without_its_place() {
    let denied = JournalError::from(ReadError::Io {
        path: PathBuf::from("/journal/file"),
        cause: io::ErrorKind::PermissionDenied.into(),
    });
    assert!(public(&denied).contains("permission denied") && !public(&denied).contains("/journal"));
}

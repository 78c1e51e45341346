use alloy_primitives::B256;

use super::*;
use crate::journal::Record;
use crate::store::StoreError;

fn instance(started_at_us: i64) -> Instance {
    Instance {
        started_at_us,
        database: 5,
        epochs: 6,
        is_standby: false,
    }
}

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
    let fence = JournalFence::new(Some(journal));
    fence.reached(instance(1));
    (fence, folder)
}

#[test]
fn nothing_is_sold_before_the_database_was_compared_with_the_journal() {
    let (fence, _folder) = fence();
    assert_eq!((fence.is_open(), fence.admits(&instance(1))), (Some(false), false));
    let error = StoreError::Database(sqlx::Error::PoolTimedOut);
    fence.note(Err(error.into()));
    assert!(fence.refusal().unwrap().contains("the database does not answer"));
    fence.note(Ok((None, instance(1))));
    assert_eq!((fence.refusal(), fence.is_open()), (None, Some(true)));
    assert!(fence.admits(&instance(1)) && !fence.admits(&instance(2)));
}

#[test]
fn a_database_that_lacks_a_batch_is_told_apart_by_its_first_one() {
    let (fence, _folder) = fence();
    fence.note(Ok((None, instance(1))));
    fence.reached(instance(2));
    fence.note(Ok((Some(gap()), instance(2))));
    assert!(!fence.admits(&instance(1)) && !fence.admits(&instance(2)));
    let why = fence.refusal().unwrap();
    let first = format!(
        "the first of 2026-09-21 14:13:19 UTC with the signed root {}",
        B256::repeat_byte(1)
    );
    assert!(why.contains("lacks 3 of the batches") && why.contains(&first), "{why}");
    let said = gap().to_string();
    let places = [
        "Stop the anchor first",
        "once `/readyz` is 200",
        "restore the newest backup",
    ]
    .map(|part| said.find(part));
    assert!(places[0].is_some() && places.is_sorted(), "{said}");
    assert!(!why.contains("restore the newest"), "how to repair it is for the log");
    // A comparison that fails changes nothing about what was found.
    fence.note(Err(StoreError::Database(sqlx::Error::PoolTimedOut).into()));
    assert_eq!(fence.refusal(), Some(why));
    fence.reached(instance(3));
    fence.note(Ok((None, instance(3))));
    assert!(fence.admits(&instance(3)));
}

#[test]
fn another_database_is_sold_over_once_it_was_compared() {
    let (fence, _folder) = fence();
    fence.note(Ok((None, instance(1))));
    fence.reached(instance(1));
    assert_eq!((fence.refusal(), fence.is_open()), (None, Some(true)));
    fence.reached(instance(2));
    assert!(fence.refusal().unwrap().contains("another took its place"));
    // A comparison with the first one ends late.
    fence.note(Ok((None, instance(1))));
    assert_eq!(fence.is_open(), Some(false));
    assert!(!fence.admits(&instance(1)) && !fence.admits(&instance(2)));
    fence.note(Ok((None, instance(2))));
    assert_eq!((fence.refusal(), fence.is_open()), (None, Some(true)));
    assert!(fence.admits(&instance(2)) && !fence.admits(&instance(1)));
}

#[test]
fn where_there_is_no_journal_any_database_is_sold_over() {
    let fence = JournalFence::default();
    fence.reached(instance(1));
    assert_eq!((fence.refusal(), fence.is_open()), (None, None));
    assert!(fence.admits(&instance(1)));
}

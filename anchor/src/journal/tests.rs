use std::fs;

use alloy_primitives::B256;

use super::files::{Chunk, ReadError, chunk};
use super::*;

const MERCHANT: B256 = B256::repeat_byte(3);

fn record(batch: i64) -> Record {
    Record {
        batch,
        root: B256::repeat_byte(batch.to_le_bytes()[0]),
        anchor_by_s: 1_790_000_000,
        signature: [batch.to_le_bytes()[0]; 65],
        at_ms: 1_789_999_999_999,
    }
}

/// The bytes of a file with these records, each of which was synced before the next was written.
fn bytes(batches: &[i64]) -> Vec<u8> {
    let mut text = String::new();
    for batch in batches {
        let synced = text.len() as u64;
        record(*batch).write(&MERCHANT, synced, &mut text);
    }
    text.into_bytes()
}

/// What is read of a file with these bytes.
fn read(bytes: &[u8]) -> Result<Chunk, ReadError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    chunk(file.path(), &MERCHANT, 0)
}

fn batches(chunk: &Chunk) -> Vec<i64> {
    chunk.records.iter().map(|record| record.batch).collect()
}

#[test]
fn a_record_is_read_as_it_was_written() {
    let line = bytes(&[i64::MAX]);
    assert_eq!(line.len(), LINE_BYTES);
    assert_eq!(Record::parse(&line, &MERCHANT), Some((record(i64::MAX), 0)));
    assert_eq!(Record::parse(&line, &B256::repeat_byte(4)), None, "another merchant's");
}

#[test]
fn no_byte_of_a_line_can_change_unnoticed() {
    let line = bytes(&[7]);
    for at in 0..line.len() {
        let mut other = line.clone();
        other[at] ^= 1;
        assert_eq!(Record::parse(&other, &MERCHANT), None, "byte {at}");
    }
}

#[test]
fn a_write_that_was_cut_off_is_left_out() {
    let whole = bytes(&[1, 2, 3]);
    for cut in 1..LINE_BYTES {
        let read = read(&whole[..whole.len() - cut]).unwrap();
        assert_eq!((batches(&read), read.is_last), (vec![1, 2], true), "{cut} bytes less");
        assert_eq!(read.next, 2 * LINE_BYTES as u64);
    }
    // A crash of the machine may leave zeros, and of what was written together with them a later part.
    let (mut one_group, synced) = (String::from_utf8(bytes(&[1])).unwrap(), LINE_BYTES as u64);
    record(2).write(&MERCHANT, synced, &mut one_group);
    record(3).write(&MERCHANT, synced, &mut one_group);
    let mut torn = one_group.into_bytes();
    torn[LINE_BYTES..2 * LINE_BYTES].fill(0);
    assert_eq!(batches(&read(&torn).unwrap()), [1]);
}

#[test]
fn damage_to_what_was_on_the_disk_is_none() {
    let mut damaged = bytes(&[1, 2, 3]);
    damaged[LINE_BYTES + 40] ^= 1;
    let error = read(&damaged).unwrap_err();
    assert!(
        matches!(error, ReadError::Damaged { at, .. } if at == LINE_BYTES as u64),
        "{error}"
    );
}

#[test]
fn a_long_file_is_read_in_parts() {
    let many: Vec<i64> = (1..=2_500).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes(&many)).unwrap();
    let (mut found, mut from) = (Vec::new(), 0);
    loop {
        let part = chunk(file.path(), &MERCHANT, from).unwrap();
        assert!(part.records.len() <= 1_024);
        found.extend(batches(&part));
        from = part.next;
        if part.is_last {
            break;
        }
    }
    assert_eq!(found, many);
}

//! Reads the newest events before an epoch from the published data: the first part of the epoch's delta.

use std::panic::resume_unwind;
use std::thread;

use alloy_primitives::B256;
use shelfproof_verifier::delta;
use shelfproof_verifier::history::Head;

use super::data::DataFile;
use super::epoch_file::EpochFile;
use super::error::HistoryError;
use super::published::Published;

/// With fewer keys a thread costs more than it saves.
const KEYS_A_THREAD: usize = 1 << 12;

/// Writes each key's newest event before the epoch, as a delta has it, on up to so many threads where that is faster. Keys are
/// in ascending order, with their heads. Each event is compared with its head, so that nothing damaged is published.
pub(super) fn newest_events(
    published: &Published,
    keys: &[B256],
    heads: &[Option<Head>],
    threads: usize,
) -> Result<Vec<u8>, HistoryError> {
    let share = keys.len().div_ceil(threads.max(1)).max(KEYS_A_THREAD);
    let mut shares = keys.chunks(share).zip(heads.chunks(share));
    let Some((first, first_heads)) = shares.next() else {
        return Ok(Vec::new());
    };
    thread::scope(|scope| {
        let others: Vec<_> = shares
            .map(|(keys, heads)| scope.spawn(|| newest_of_share(published, keys, heads)))
            .collect();
        let mut out = newest_of_share(published, first, first_heads)?;
        for other in others {
            // A panic goes on where it would have without the thread.
            out.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(out)
    })
}

fn newest_of_share(published: &Published, keys: &[B256], heads: &[Option<Head>]) -> Result<Vec<u8>, HistoryError> {
    let mut events = vec![None; keys.len()];
    let mut known: Vec<(usize, &B256, &Head)> = keys
        .iter()
        .zip(heads)
        .enumerate()
        .filter_map(|(index, (key, head))| Some((index, key, head.as_ref()?)))
        .collect();
    // Each file is opened once.
    known.sort_by_key(|(_, _, head)| head.epoch);
    for of_epoch in known.chunk_by(|(_, _, a), (_, _, b)| a.epoch == b.epoch) {
        let Some((_, _, first)) = of_epoch.first() else {
            continue;
        };
        let path = published.path(EpochFile::Events(first.epoch));
        let mut data = DataFile::open_for(&path, of_epoch.len())?;
        for (index, key, head) in of_epoch {
            let (_, event) = data.find(key, head.version, &head.hash)?;
            events[*index] = Some(event.to_bytes());
        }
    }
    let mut out = Vec::new();
    for event in &events {
        delta::write_newest(&mut out, event.as_ref());
    }
    Ok(out)
}

//! Reads the newest events before an epoch from the published data: the first part of the epoch's delta.

use alloy_primitives::B256;
use shelfproof_verifier::delta;
use shelfproof_verifier::history::Head;

use super::data::DataFile;
use super::error::HistoryError;
use super::published::Published;

/// Writes each key's newest event before the epoch, as a delta has it. Keys are in ascending order, with their heads.
/// Each event is compared with its head, so that nothing damaged is published.
pub(super) fn newest_events(
    published: &Published,
    keys: &[B256],
    heads: &[Option<Head>],
) -> Result<Vec<u8>, HistoryError> {
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
        let data = DataFile::open_whole(&published.path(first.epoch))?;
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

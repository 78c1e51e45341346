//! The history map alone, without an anchor or an auditor: what it costs to find the heads of an epoch's keys, to plan
//! the update, and to have it on disk.

use std::time::Instant;

use shelfproof_tests::Result;
use shelfproof_verifier::B256;
use shelfproof_verifier::event::KeyEvent;
use shelfproof_verifier::history::Head;
use shelfproof_verifier::map::{Map, MapError};

use super::idle::wait_until_idle;

/// The last events of an epoch by key, sorted.
pub(super) type Updates = Vec<(B256, Head)>;

/// Takes the updates into the map as the next epoch. Returns how many of their keys had an event before.
pub(super) fn commit(map: &mut Map, updates: &[(B256, Head)]) -> Result<usize> {
    let keys: Vec<B256> = updates.iter().map(|(key, _)| *key).collect();
    let followed = map.follow(&keys, |range, _| Ok::<_, MapError>(updates[range].to_vec()))?;
    let epoch = map.epoch().0 + 1;
    // The hash of an epoch that is never anchored.
    map.commit(followed.plan, epoch, B256::repeat_byte(1))?;
    Ok(followed.heads.iter().flatten().count())
}

/// As [`commit`], on a machine at rest: the updates per second.
pub(super) fn timed(map: &mut Map, updates: &[(B256, Head)]) -> Result<f64> {
    wait_until_idle()?;
    let start = Instant::now();
    commit(map, updates)?;
    Ok(rate(updates.len(), start))
}

/// How many a second since then.
pub(super) fn rate(count: usize, start: Instant) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    let count = count as f64;
    count / start.elapsed().as_secs_f64()
}

/// The updates that these events make in that epoch, one event for each key.
pub(super) fn updates_of<'a>(events: impl IntoIterator<Item = &'a KeyEvent>, epoch: u64) -> Updates {
    let update = |event: &KeyEvent| {
        let head = Head {
            version: event.version,
            hash: event.hash(),
            kind: event.kind,
            at_ms: event.at_ms,
            epoch,
        };
        (event.key_id, head)
    };
    let mut updates: Updates = events.into_iter().map(update).collect();
    updates.sort_unstable_by_key(|(key, _)| *key);
    updates
}

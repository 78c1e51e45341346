//! Looks for one event in the published data of final epochs.

use std::num::NonZero;
use std::thread;

use shelfproof_verifier::B256;
use shelfproof_verifier::audit::{self, Exhibit};
use shelfproof_verifier::chain::rpc::{AnchoredEpoch, Scan};
use shelfproof_verifier::event::KeyEvent;
use shelfproof_verifier::tree::EventsTree;

use super::data::Data;
use crate::cause::Cause;
use crate::report::Failure;
use crate::source::Online;

/// The furthest that an event's time may lie after its epoch's block, seconds (protocol §5, `clock`).
const MAX_AHEAD_S: u64 = 600;

/// Where an event was looked for, and whether it is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// Block time of the epoch that holds it, Unix seconds.
    pub(crate) anchored_at_s: Option<u64>,
    /// Time of the newest final block, Unix seconds.
    pub(crate) as_of_s: u64,
    /// The latest final epoch.
    pub(crate) latest: u64,
}

/// Looks for `event` in every epoch that may hold it.
pub(crate) fn find(online: &Online, place: &str, event: &KeyEvent) -> Result<Found, Failure> {
    let data = Data::open(place)?;
    online.runtime.block_on(async {
        let at = online.source.final_block().await?;
        let since_s = (event.at_ms / 1000).saturating_sub(MAX_AHEAD_S);
        let mut scan = online.source.scan_since(since_s, at).await?;
        let found = first_with(&mut scan, &data, |other| other == event).await?;
        Ok(Found {
            anchored_at_s: found.map(|f| f.epoch.anchored_at_s),
            as_of_s: at.time_s,
            latest: scan.latest(),
        })
    })
}

/// The exhibit of a key's event of that version, looked for from the first epoch on.
pub(super) async fn exhibit(
    online: &Online,
    data: &Data,
    from_block: u64,
    key_id: B256,
    version: u32,
) -> Result<Option<Exhibit>, Failure> {
    let at = online.source.final_block().await?;
    let mut scan = online.source.scan(1, from_block, at).await?;
    let found = first_with(&mut scan, data, |event| {
        event.key_id == key_id && event.version == version
    })
    .await?;
    Ok(found.and_then(|found| exhibit_of(&found.epoch, &found.events, found.event)))
}

/// An event with its place in its epoch.
pub(super) fn exhibit_of(epoch: &AnchoredEpoch, events: &[KeyEvent], event: KeyEvent) -> Option<Exhibit> {
    let path = EventsTree::of_events(events, threads())?.path(&event.hash())?;
    Some(Exhibit {
        event,
        header: epoch.header,
        path,
    })
}

/// As many as the machine has.
pub(crate) fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

struct Hit {
    epoch: AnchoredEpoch,
    events: Vec<KeyEvent>,
    event: KeyEvent,
}

/// The first epoch of a walk with an event that `wanted` takes. Data that is missing hides it only where no other epoch
/// has it.
async fn first_with(
    scan: &mut Scan<'_>,
    data: &Data,
    wanted: impl Fn(&KeyEvent) -> bool,
) -> Result<Option<Hit>, Failure> {
    let mut missing = None;
    while let Some(epoch) = scan.next().await? {
        let bytes = match data.fetch(&epoch.header).await {
            Ok(bytes) => bytes,
            Err(why) => {
                missing.get_or_insert(why.0);
                continue;
            }
        };
        // The root too: an event counts as anchored by its leaf, not by its line in a file.
        let events = audit::read_epoch(&epoch.header, &bytes, threads())
            .map_err(|breach| Failure::new(Cause::Breach(breach.rule), breach.detail))?;
        if let Some(event) = events.iter().find(|event| wanted(event)).copied() {
            return Ok(Some(Hit { epoch, events, event }));
        }
    }
    missing.map_or(Ok(None), |why| Err(Failure::new(Cause::DataMissing, why)))
}

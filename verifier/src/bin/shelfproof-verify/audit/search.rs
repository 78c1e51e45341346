//! Looks for one event in the published data of final epochs.

use std::num::NonZero;
use std::thread;

use shelfproof_verifier::B256;
use shelfproof_verifier::audit;
use shelfproof_verifier::breach::evidence::Exhibit;
use shelfproof_verifier::chain::AnchoredEpoch;
use shelfproof_verifier::chain::rpc::Scan;
use shelfproof_verifier::epoch::MAX_AHEAD_MS;
use shelfproof_verifier::event::{KeyEvent, RawEvent};
use shelfproof_verifier::published::Data;

use super::data;
use crate::cause::Cause;
use crate::report::Failure;
use crate::source::Online;

/// The result of looking for an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// Block time of the epoch that includes it, Unix seconds; `None` if no epoch does.
    pub(crate) anchored_at_s: Option<u64>,
    /// Time of the newest final block, Unix seconds.
    pub(crate) as_of_s: u64,
    /// The number of the latest final epoch.
    pub(crate) latest: u64,
}

/// Looks for `event` in every epoch that may include it.
pub(crate) fn find(online: &Online, place: &str, event: &KeyEvent) -> Result<Found, Failure> {
    let data = data::open(place)?;
    online.runtime.block_on(async {
        let at = online.at;
        let since_s = event.at_ms.saturating_sub(MAX_AHEAD_MS) / 1000;
        let mut scan = online.source.scan_since(since_s, at).await?.with_headers(&data);
        let wanted = RawEvent::from(*event);
        let found = first_with(online, &mut scan, &data, |other| *other == wanted).await?;
        online.keep_seen()?;
        Ok(Found {
            anchored_at_s: found.map(|f| f.epoch.anchored_at_s),
            as_of_s: at.time_s,
            latest: scan.latest(),
        })
    })
}

/// Finds and proves a key's event of that version. `begin` is an epoch before which it is not, and a block before which
/// no epoch was anchored.
pub(super) async fn exhibit(
    online: &Online,
    data: &Data,
    begin: (u64, u64),
    key_id: B256,
    version: u32,
) -> Result<Option<Exhibit>, Failure> {
    let at = online.at;
    let scan = online.source.scan(begin.0, begin.1, at).await?;
    let mut scan = scan.with_headers(data);
    let found = first_with(online, &mut scan, data, |event| {
        event.key_id == key_id && event.version == version
    })
    .await?;
    Ok(found.and_then(|hit| Exhibit::prove(&hit.epoch.header, &hit.bytes, &hit.event, threads())))
}

/// The number of threads that the machine runs in parallel.
pub(crate) fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

struct Hit {
    epoch: AnchoredEpoch,
    bytes: Vec<u8>,
    event: RawEvent,
}

/// The first epoch of a scan with an event that `wanted` accepts. Missing data is an error only if no other epoch has
/// the event.
async fn first_with(
    online: &Online,
    scan: &mut Scan<'_>,
    data: &Data,
    wanted: impl Fn(&RawEvent) -> bool,
) -> Result<Option<Hit>, Failure> {
    let mut missing = None;
    while let Some(epoch) = scan.next().await? {
        online.see(epoch.header.number, epoch.hash).await?;
        let bytes = match data.fetch(&epoch.header).await {
            Ok(bytes) => bytes,
            Err(why) => {
                missing.get_or_insert(why);
                continue;
            }
        };
        // Checks the events root too: an event is anchored by its leaf, not by its bytes in a file.
        let events = audit::read_epoch(&epoch.header, &bytes, threads())
            .map_err(|breach| Failure::new(Cause::Breach(breach.rule), breach.detail))?;
        if let Some(event) = events.iter().find(|event| wanted(event)).copied() {
            return Ok(Some(Hit { epoch, bytes, event }));
        }
    }
    missing.map_or(Ok(None), |missing| Err(missing.into()))
}

//! Looks for one event in the published data of final epochs.

use std::num::NonZero;
use std::thread;

use shelfproof_verifier::audit;
use shelfproof_verifier::breach::evidence::Exhibit;
use shelfproof_verifier::chain::AnchoredEpoch;
use shelfproof_verifier::chain::rpc::Scan;
use shelfproof_verifier::epoch::MAX_AHEAD_MS;
use shelfproof_verifier::event::RawEvent;
use shelfproof_verifier::published::Data;
use shelfproof_verifier::receipt::{Promise, Status};
use shelfproof_verifier::{B256, Code, Refusal};

use super::{Since, data};
use crate::cause::Cause;
use crate::report::Failure;
use crate::source::Online;

/// What became of a receipt's promise: looks for its sale in the published data of every epoch that may hold it.
pub(crate) fn kept(online: &Online, place: &str, promise: &Promise) -> Result<Status, Failure> {
    let data = data::open(place)?;
    online.runtime.block_on(async {
        let since_s = since_s(promise.event.at_ms);
        let mut scan = online.scan_since(since_s).await?.with_headers(&data);
        let before = scan.number().saturating_sub(1);
        let wanted = RawEvent::from(promise.event);
        let found = first_with(online, &mut scan, &data, |other| *other == wanted).await?;
        online.keep_seen()?;
        let anchored_at_s = found.map(|hit| hit.epoch.anchored_at_s);
        if let Some(status) = promise.status(anchored_at_s, online.at.time_s) {
            return Ok(status);
        }
        if before > 0 {
            // The search began after this epoch because of its time.
            let (hash, time_s) = online.source.epoch(before, &online.at).await?;
            online.confirm(before, hash, Some(time_s)).await?;
            if time_s >= since_s {
                let why = format!("the node tells two times of the block of epoch {before}: ask another one");
                return Err(Failure::new(Cause::RpcAnswer, why));
            }
        }
        let why = format!("no epoch up to {}, the latest, holds the sale", scan.latest());
        Err(Refusal::new(Code::ReceiptUnmet, why).into())
    })
}

/// Finds and proves a key's event of that version. No epoch was anchored before the block `from_block`.
pub(super) async fn exhibit(
    online: &Online,
    data: &Data,
    (since, from_block): (Since, u64),
    key_id: B256,
    version: u32,
) -> Result<Option<Exhibit>, Failure> {
    let wanted = |event: &RawEvent| event.key_id == key_id && event.version == version;
    let first = match since {
        Since::Epoch(number) => number,
        Since::Time(at_ms) => online.scan_since(since_s(at_ms)).await?.number(),
    };
    let mut scan = online.scan(first, from_block).await?.with_headers(data);
    let mut found = first_with(online, &mut scan, data, wanted).await?;
    if found.is_none() && matches!(since, Since::Time(_)) {
        let mut all = online.scan(1, from_block).await?.with_headers(data);
        found = first_with(online, &mut all, data, wanted).await?;
    }
    Ok(found.and_then(|hit| Exhibit::prove(&hit.epoch.header, &hit.bytes, &hit.event, threads())))
}

/// The time of the earliest block whose epoch may hold an event of that time: it may lie ahead of its block.
const fn since_s(at_ms: u64) -> u64 {
    at_ms.saturating_sub(MAX_AHEAD_MS) / 1000
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
        if let Some(event) = events.iter().map(|hashed| hashed.event).find(|event| wanted(event)) {
            return Ok(Some(Hit { epoch, bytes, event }));
        }
    }
    missing.map_or(Ok(None), |missing| Err(missing.into()))
}

//! Makes the report of a breach, with the evidence for a dispute.

use shelfproof_verifier::audit::{BreachProof, OtherEvent};
use shelfproof_verifier::breach::BreachReport;
use shelfproof_verifier::breach::evidence::{Dispute, Evidence, Exhibit};
use shelfproof_verifier::chain::AnchoredEpoch;
use shelfproof_verifier::epoch::split_data;
use shelfproof_verifier::event::RawEvent;
use shelfproof_verifier::published::Data;

use super::{Broken, search};
use crate::source::Online;

/// Makes the report. An event of an earlier epoch is looked for in the published data; if it cannot be found, the
/// report says why and has no evidence.
pub(super) async fn collect(
    online: &Online,
    data: &Data,
    from_block: u64,
    epoch: &AnchoredEpoch,
    broken: &Broken,
) -> BreachReport {
    let breach = &broken.breach;
    let identity = online.source.identity();
    let evidence = match &breach.proof {
        None => None,
        Some(proof) => {
            let exhibits = exhibits(online, data, from_block, epoch, proof, broken).await;
            Some(exhibits.map(|events| Evidence {
                merchant_id: identity.merchant_id,
                dispute: proof.dispute,
                events,
                receipts: Vec::new(),
                history: None,
            }))
        }
    };
    BreachReport {
        identity,
        rule: breach.rule,
        detail: breach.detail.clone(),
        epoch: *epoch,
        evidence,
    }
}

/// Proves the events of a breach, in the order in which they happened.
async fn exhibits(
    online: &Online,
    data: &Data,
    from_block: u64,
    epoch: &AnchoredEpoch,
    proof: &BreachProof,
    broken: &Broken,
) -> Result<Vec<Exhibit>, String> {
    let bytes = &broken.bytes;
    let of_this_epoch = |event: &RawEvent| {
        Exhibit::prove(&epoch.header, bytes, event, search::threads()).ok_or("the event has no path")
    };
    let mut exhibits = Vec::new();
    match proof.other {
        OtherEvent::None => {}
        OtherEvent::SameEpoch(other) => exhibits.push(of_this_epoch(&other)?),
        OtherEvent::Version(version) => {
            let key_id = proof.event.key_id;
            let here = |event: &&RawEvent| event.key_id == key_id && event.version == version && **event != proof.event;
            let other = match split_data(bytes).unwrap_or_default().iter().find(here) {
                Some(event) => Some(of_this_epoch(event)?),
                None => search::exhibit(online, data, (broken.other_from, from_block), key_id, version)
                    .await
                    .map_err(|f| f.detail)?,
            };
            exhibits.push(other.ok_or("the other event was not found in the data")?);
        }
    }
    if proof.dispute == Dispute::Fork && exhibits.iter().any(|other| other.event == proof.event) {
        return Err("it is one and the same event twice, which no dispute takes as a fork".to_owned());
    }
    exhibits.push(of_this_epoch(&proof.event)?);
    Ok(exhibits)
}

//! A breach as a file: what it is, in which epoch, and the events that prove it on chain where any do.

use serde_json::{Value, json};
use shelfproof_verifier::audit::{self, Breach, Exhibit, ProofOf};
use shelfproof_verifier::chain::rpc::AnchoredEpoch;
use shelfproof_verifier::event::KeyEvent;

use super::data::Data;
use super::search;
use crate::source::Online;

/// Puts the evidence together. Where an event of an earlier epoch cannot be brought, the file says so: the breach stands
/// all the same.
pub(super) async fn collect(
    online: &Online,
    data: &Data,
    from_block: u64,
    epoch: &AnchoredEpoch,
    breach: &Breach,
    events: &[KeyEvent],
) -> Value {
    let identity = online.source.identity();
    let header = &epoch.header;
    let mut file = json!({
        "format": "shelfproof-breach-v1",
        "chainId": identity.chain_id,
        "registry": identity.registry,
        "merchantId": identity.merchant_id,
        "rule": breach.rule.as_str(),
        "detail": breach.detail,
        "epoch": {
            "number": header.number, "parent": header.parent, "eventsRoot": header.events_root,
            "historyRoot": header.history_root, "eventCount": header.event_count, "dataHash": header.data_hash,
            "hash": epoch.hash, "block": epoch.block, "anchoredAt": epoch.anchored_at_s,
        },
        "evidence": null,
    });
    if let Some(proof) = &breach.proof {
        match exhibits(online, data, from_block, epoch, proof, events).await {
            Ok(exhibits) => {
                let text = audit::evidence_json(&identity.merchant_id, proof.dispute, &exhibits);
                file["evidence"] = serde_json::from_str(&text).unwrap_or(Value::Null);
            }
            Err(why) => file["evidenceMissing"] = why.into(),
        }
    }
    file
}

/// The other event first, as it came first.
async fn exhibits(
    online: &Online,
    data: &Data,
    from_block: u64,
    epoch: &AnchoredEpoch,
    proof: &ProofOf,
    events: &[KeyEvent],
) -> Result<Vec<Exhibit>, String> {
    let of_this_epoch = |event: KeyEvent| search::exhibit_of(epoch, events, event).ok_or("the event has no path");
    let mut exhibits = Vec::new();
    if let Some(version) = proof.other_version {
        let key_id = proof.event.key_id;
        let here = |event: &&KeyEvent| event.key_id == key_id && event.version == version && **event != proof.event;
        let other = match events.iter().find(here) {
            Some(event) => Some(of_this_epoch(*event)?),
            None => search::exhibit(online, data, from_block, key_id, version)
                .await
                .map_err(|f| f.detail)?,
        };
        exhibits.push(other.ok_or("the other event was not found in the data")?);
    }
    exhibits.push(of_this_epoch(proof.event)?);
    Ok(exhibits)
}

//! A breach as a file: what it is, in which epoch, and the events that prove it on chain where any do.

use serde_json::{Value, json};
use shelfproof_verifier::audit::{self, Breach, Dispute, Exhibit, Other, ProofOf};
use shelfproof_verifier::bundle::header_json;
use shelfproof_verifier::chain::rpc::AnchoredEpoch;
use shelfproof_verifier::epoch::split_data;
use shelfproof_verifier::event::Record;
use shelfproof_verifier::published::Data;

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
    bytes: &[u8],
) -> Value {
    let identity = online.source.identity();
    let mut anchored_epoch = header_json(&epoch.header);
    anchored_epoch["hash"] = json!(epoch.hash);
    anchored_epoch["block"] = epoch.block.into();
    anchored_epoch["anchoredAt"] = epoch.anchored_at_s.into();
    let mut file = json!({
        "format": "shelfproof-breach-v1",
        "chainId": identity.chain_id,
        "registry": identity.registry,
        "merchantId": identity.merchant_id,
        "rule": breach.rule.as_str(),
        "detail": breach.detail,
        "epoch": anchored_epoch,
        "evidence": null,
    });
    if let Some(proof) = &breach.proof {
        match exhibits(online, data, from_block, epoch, proof, bytes).await {
            Ok(exhibits) => file["evidence"] = audit::evidence_json(&identity.merchant_id, proof.dispute, &exhibits),
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
    bytes: &[u8],
) -> Result<Vec<Exhibit>, String> {
    let of_this_epoch = |record: &Record| {
        audit::exhibit(&epoch.header, bytes, record, search::threads()).ok_or("the event has no path")
    };
    let mut exhibits = Vec::new();
    match proof.other {
        Other::None => {}
        Other::Beside(other) => exhibits.push(of_this_epoch(&other)?),
        Other::Version(version) => {
            let key_id = proof.event.key_id;
            let here =
                |record: &&Record| record.key_id == key_id && record.version == version && **record != proof.event;
            let other = match split_data(bytes).unwrap_or_default().iter().find(here) {
                Some(record) => Some(of_this_epoch(record)?),
                None => search::exhibit(online, data, from_block, key_id, version)
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

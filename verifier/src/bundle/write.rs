//! Writes the fields of bundles.

use alloy_primitives::hex;
use serde_json::{Value, json};

use super::{Bundle, FORMAT, HistoryAt, Included};
use crate::receipt::Promise;

impl Bundle {
    /// The bundle as a compact JSON file.
    #[must_use]
    pub fn to_json(&self) -> String {
        json!({
            "format": FORMAT,
            "chainId": self.identity.chain_id,
            "registry": self.identity.registry,
            "merchantId": self.identity.merchant_id,
            "keyId": self.key_id,
            "vrfProof": hex::encode_prefixed(self.vrf_proof),
            "events": self.events.iter().map(included_json).collect::<Vec<_>>(),
            "history": history_json(&self.history),
            "epochs": self.epochs.iter().map(|listed| listed.to_json()).collect::<Vec<_>>(),
            "receipts": self.receipts.iter().map(Promise::to_json).collect::<Vec<_>>(),
        })
        .to_string()
    }
}

pub(super) fn history_json(history: &HistoryAt) -> Value {
    let mut json = history.proof.to_json();
    json["epoch"] = history.epoch.into();
    json
}

pub(super) fn included_json(included: &Included) -> Value {
    let mut event = included.event.to_json(included.opening.as_ref());
    event["epoch"] = included.epoch.into();
    event["path"] = json!(included.path);
    event
}

//! Writing a bundle, compact.

use alloy_primitives::hex;
use serde_json::{Value, json};

use super::{Bundle, FORMAT, HistoryAt, Included, ListedHeader};
use crate::epoch::Header;
use crate::event::{KeyEvent, Opening};
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
            "epochs": self.epochs.iter().map(listed_json).collect::<Vec<_>>(),
            "receipts": self.receipts.iter().map(promise_json).collect::<Vec<_>>(),
        })
        .to_string()
    }
}

pub(super) fn history_json(history: &HistoryAt) -> Value {
    let terminal = history.proof.terminal.as_ref();
    json!({
        "epoch": history.epoch,
        "terminal": terminal.map(|leaf| json!({"key": leaf.key, "valueHash": leaf.value_hash})),
        "siblings": history.proof.siblings,
    })
}

pub(super) fn included_json(included: &Included) -> Value {
    let mut event = event_json(&included.event, included.opening.as_ref());
    event["epoch"] = included.epoch.into();
    event["path"] = json!(included.path);
    event
}

fn event_json(event: &KeyEvent, opening: Option<&Opening>) -> Value {
    let mut json = json!({
        "version": event.version,
        "kind": event.kind.name(),
        "at": event.at_ms,
        "prev": event.prev,
        "payload": event.payload,
    });
    if let Some(Opening { salt, body }) = opening {
        json["salt"] = json!(salt);
        json["body"] = json!(body);
    }
    json
}

pub(super) fn listed_json(listed: &ListedHeader) -> Value {
    let mut json = header_json(&listed.header);
    if let Some(block) = listed.block {
        json["block"] = block.into();
    }
    json
}

/// A header, as bundles and evidence write it.
#[must_use]
pub fn header_json(header: &Header) -> Value {
    json!({
        "number": header.number,
        "parent": header.parent,
        "eventsRoot": header.events_root,
        "historyRoot": header.history_root,
        "eventCount": header.event_count,
        "dataHash": header.data_hash,
    })
}

/// A receipt, as bundles and receipt files write it.
pub(crate) fn promise_json(promise: &Promise) -> Value {
    let mut event = event_json(&promise.event, promise.opening.as_ref());
    event["keyId"] = json!(promise.event.key_id);
    json!({
        "event": event,
        "anchorBy": promise.anchor_by_s,
        "path": promise.path,
        "signature": hex::encode_prefixed(promise.signature),
    })
}

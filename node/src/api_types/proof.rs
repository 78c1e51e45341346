//! Proofs as the API shows them, and the answer that stands in for one until the sale is anchored.

use alloy_primitives::B256;
use serde::Serialize;
use serde_json::value::RawValue;
use shelfproof_verifier::receipt::Receipt;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Hash;
use crate::domain::id::OrderId;
use crate::flow::prove::{Proof, Wait};
use crate::flow::query::bought_key::BoughtKey;

/// The proofs of an order's keys.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderProofs<'a> {
    /// The order.
    order: Uuid,
    /// One for each key, by line.
    proofs: Vec<KeyProof<'a>>,
}

/// A key's proof, or the receipt and the expected time if the proof is not ready.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyProof<'a> {
    /// The key's number in the order, from 1; absent if a single key was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    item: Option<u32>,
    /// The key's id.
    #[schema(value_type = Hash)]
    key_id: B256,
    /// `proved` or `waiting`.
    state: &'static str,
    /// If `proved`: a file `shelfproof-proof-v1` (protocol, section 5).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    bundle: Option<&'a RawValue>,
    /// If `waiting`: the number of seconds until the proof is expected to be ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    proved_in_s: Option<u64>,
    /// If `waiting`: the same as a sentence for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// If `waiting`: the signed promise that the sale will be anchored, a file `shelfproof-receipt-v1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    receipt: Option<&'a Receipt>,
}

impl<'a> OrderProofs<'a> {
    /// The answer about an order.
    pub(crate) fn new(order: OrderId, keys: &'a [BoughtKey], proofs: &'a [Proof]) -> Self {
        let each = keys.iter().zip(proofs).map(|(key, proof)| {
            let shown = match proof {
                Proof::Proved(file) => KeyProof::proved(key, file),
                Proof::Waiting(wait) => KeyProof::waiting(key, *wait),
            };
            KeyProof {
                item: Some(key.item),
                ..shown
            }
        });
        Self {
            order: order.0,
            proofs: each.collect(),
        }
    }
}

impl<'a> KeyProof<'a> {
    /// The answer for a key whose sale is not in a final epoch yet.
    pub(crate) fn waiting(key: &'a BoughtKey, wait: Wait) -> Self {
        Self {
            state: "waiting",
            proved_in_s: Some(wait.seconds),
            message: Some(message(wait)),
            receipt: Some(&key.receipt),
            ..Self::bare(key)
        }
    }

    fn proved(key: &BoughtKey, file: &'a RawValue) -> Self {
        Self {
            state: "proved",
            bundle: Some(file),
            ..Self::bare(key)
        }
    }

    fn bare(key: &BoughtKey) -> Self {
        Self {
            item: None,
            key_id: key.key_id(),
            state: "",
            bundle: None,
            proved_in_s: None,
            message: None,
            receipt: None,
        }
    }
}

fn message(wait: Wait) -> String {
    if wait.is_well {
        format!(
            "sealed in {} seconds, more or less: ask again then, and keep the receipt",
            wait.seconds
        )
    } else {
        "not sealed yet, for anchoring is held up; the receipt says until when it must be done".to_owned()
    }
}

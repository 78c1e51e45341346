//! The answer to a delivered order. A repeated request gets the same bytes.

use alloy_primitives::B256;
use secrecy::ExposeSecret;
use serde::Serialize;
use shelfproof_verifier::receipt::Receipt;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Amount, Currency, Hash};
use crate::domain::delivery::{Delivered, Item};

/// A delivered order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlacedOrder<'a> {
    /// The order's id.
    order: Uuid,
    /// Always `delivered`.
    state: &'static str,
    /// Unix milliseconds.
    created_at: u64,
    /// What it cost, a decimal string.
    #[schema(value_type = Amount)]
    total: String,
    /// ISO 4217.
    #[schema(value_type = Currency)]
    currency: &'static str,
    /// A token for the buyer, which gives access to this order only: its first, also where that was revoked since.
    token: &'a str,
    /// The keys, by line.
    items: Vec<SoldItem<'a>>,
}

/// One delivered key.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SoldItem<'a> {
    /// The key's number in the order, from 1.
    #[schema(minimum = 1)]
    item: u32,
    /// The order's line that the key belongs to, from 1.
    #[schema(minimum = 1)]
    line: i16,
    /// Which product.
    product: Uuid,
    /// The code, which its issuer redeems.
    code: &'a str,
    /// What is delivered with it, such as a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<&'a str>,
    /// The key's id, which follows from the code (protocol, section 1).
    #[schema(value_type = Hash)]
    key_id: B256,
    /// The signed promise that this sale will be anchored: a file `shelfproof-receipt-v1` (protocol, section 4).
    #[schema(value_type = Object)]
    receipt: &'a Receipt,
}

impl<'a> PlacedOrder<'a> {
    /// The answer to a delivered order.
    pub(crate) fn new(delivered: &'a Delivered, token: &'a str) -> Self {
        let items = delivered.items.iter().map(|item| SoldItem {
            item: item.item,
            line: item.line,
            product: item.product.0,
            code: item.goods.code.expose_secret(),
            extra: extra(item),
            key_id: item.receipt.promise.event.key_id,
            receipt: &item.receipt,
        });
        Self {
            order: delivered.order.0,
            state: "delivered",
            created_at: delivered.created_at_ms,
            total: delivered.total.decimal(),
            currency: delivered.total.currency.code(),
            token,
            items: items.collect(),
        }
    }
}

/// What is delivered with a code; `None` if that is empty.
pub(crate) fn extra(item: &Item) -> Option<&str> {
    Some(item.goods.extra.expose_secret()).filter(|extra| !extra.is_empty())
}

/// An example of the answer, for the API's description.
pub(crate) fn example() -> serde_json::Value {
    let hash = |byte: &str| format!("0x{}", byte.repeat(32));
    serde_json::json!({
        "order": "0192f0c4-b3d4-7e5f-8a6b-7c8d9e0f1a2b", "state": "delivered", "createdAt": 1_790_000_000_000_u64,
        "total": "9.90", "currency": "CNY", "token": "spo_0192f0c4b3d47e5f8a6b7c8d9e0f1a2b_1_…",
        "items": [{
            "item": 1, "line": 1, "product": "0192f0c4-a1b2-7c3d-8e4f-5a6b7c8d9e0f", "code": "ABCD-EFGH-IJKL",
            "keyId": hash("3f"),
            "receipt": {
                "format": "shelfproof-receipt-v1", "chainId": 31337, "registry": format!("0x{}", "5f".repeat(20)),
                "merchantId": hash("a1"), "vrfProof": format!("0x{}", "07".repeat(80)), "anchorBy": 1_790_086_400,
                "buyer": hash("00"), "cover": "0", "token": format!("0x{}", "00".repeat(20)),
                "event": {
                    "keyId": hash("3f"), "version": 3, "kind": "sold", "at": 1_790_000_000_000_u64, "prev": hash("9c"),
                    "payload": hash("d4"), "salt": hash("55"), "body": "{\"order\":\"…\"}",
                },
                "path": [], "signature": format!("0x{}", "1b".repeat(65)),
            },
        }],
    })
}

//! The file `shelfproof-receipt-v1`: one receipt, which the buyer gets with the code.

use alloy_primitives::hex;
use serde_json::{Value, json};

use super::Promise;
use crate::chain::Identity;
use crate::event::{KeyEvent, Opening};
use crate::json::{self, Node};
use crate::{Refusal, tree, vrf};

/// The largest file.
pub const MAX_BYTES: usize = 1 << 20;

/// The format's name.
const FORMAT: &str = "shelfproof-receipt-v1";

/// A well-formed receipt file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The merchant.
    pub identity: Identity,
    /// The proof that the event's key id belongs to the code.
    pub vrf_proof: vrf::Proof,
    /// The promise.
    pub promise: Promise,
}

impl Receipt {
    /// Reads a receipt file.
    ///
    /// # Errors
    /// `malformed`, with the first place that breaks a rule.
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        if bytes.len() > MAX_BYTES {
            return Err(Refusal::malformed(format!("a receipt has at most {MAX_BYTES} bytes")));
        }
        let value = json::parse(bytes)?;
        let file = Node::root(&value, "receipt");
        file.field("format")?.exactly(FORMAT)?;
        Ok(Self {
            identity: Identity::from_fields(&file)?,
            vrf_proof: file.field("vrfProof")?.bytes()?,
            promise: Promise::from_fields(&file)?,
        })
    }

    /// The receipt as a compact JSON file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut file = self.promise.to_json();
        file["format"] = json!(FORMAT);
        file["chainId"] = self.identity.chain_id.into();
        file["registry"] = json!(self.identity.registry);
        file["merchantId"] = json!(self.identity.merchant_id);
        file["vrfProof"] = json!(hex::encode_prefixed(self.vrf_proof));
        file.to_string()
    }
}

impl Promise {
    /// Takes a promise's fields, as bundles and receipt files write them.
    pub(crate) fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        let event = fields.field("event")?;
        let path_node = fields.field("path")?;
        let path = path_node.words()?;
        if path.len() > tree::MAX_PATH {
            return Err(path_node.must("of at most 20 siblings"));
        }
        Ok(Self {
            event: KeyEvent::from_fields(&event, event.field("keyId")?.word()?)?,
            opening: Opening::from_fields(&event)?,
            anchor_by_s: fields.field("anchorBy")?.number()?,
            path,
            signature: fields.field("signature")?.bytes()?,
        })
    }

    /// The promise's fields, as bundles and receipt files write them.
    pub(crate) fn to_json(&self) -> Value {
        let mut event = self.event.to_json(self.opening.as_ref());
        event["keyId"] = json!(self.event.key_id);
        json!({
            "event": event,
            "anchorBy": self.anchor_by_s,
            "path": self.path,
            "signature": hex::encode_prefixed(self.signature),
        })
    }
}

//! The file `shelfproof-receipt-v1`: one receipt, which the buyer gets with the code.

use alloy_primitives::{Address, B256, U256, hex};
use serde::{Serialize, Serializer};
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
        // Serializing fails only for a map whose keys are not strings, and a receipt has none.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The file's object, which may stand in another JSON document. It is written field by field, without a tree of values:
/// a shop writes one for every key that it sells.
impl Serialize for Receipt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Promise {
            event,
            opening,
            buyer,
            cover,
            token,
            anchor_by_s,
            path,
            signature,
        } = &self.promise;
        let (mut signature_hex, mut proof_hex) = (hex::Buffer::<65, true>::new(), hex::Buffer::<80, true>::new());
        let file = File {
            anchor_by: *anchor_by_s,
            buyer,
            chain_id: self.identity.chain_id,
            cover,
            event: Event {
                at: event.at_ms,
                body: opening.as_ref().map(|opening| &*opening.body),
                key_id: &event.key_id,
                kind: event.kind.name(),
                payload: &event.payload,
                prev: &event.prev,
                salt: opening.as_ref().map(|opening| &opening.salt),
                version: event.version,
            },
            format: FORMAT,
            merchant_id: &self.identity.merchant_id,
            path,
            registry: &self.identity.registry,
            signature: signature_hex.format(signature),
            token,
            vrf_proof: proof_hex.format(&self.vrf_proof),
        };
        file.serialize(serializer)
    }
}

/// The fields in the order of their names, as all of the project's JSON files have them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    anchor_by: u64,
    buyer: &'a B256,
    chain_id: u64,
    #[serde(serialize_with = "decimal")]
    cover: &'a U256,
    event: Event<'a>,
    format: &'static str,
    merchant_id: &'a B256,
    path: &'a [B256],
    registry: &'a Address,
    signature: &'a str,
    token: &'a Address,
    vrf_proof: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    key_id: &'a B256,
    kind: &'static str,
    payload: &'a B256,
    prev: &'a B256,
    #[serde(skip_serializing_if = "Option::is_none")]
    salt: Option<&'a B256>,
    version: u32,
}

/// Writes a number as text, in decimal digits.
fn decimal<S: Serializer>(number: &U256, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
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
            buyer: fields.field("buyer")?.word()?,
            cover: fields.field("cover")?.decimal()?,
            token: fields.field("token")?.address()?,
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
            "buyer": self.buyer,
            "cover": self.cover.to_string(),
            "token": self.token,
            "anchorBy": self.anchor_by_s,
            "path": self.path,
            "signature": hex::encode_prefixed(self.signature),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Kind;

    /// A bundle's promise and a receipt file are written in two ways, and read by one.
    #[test]
    fn a_file_has_the_fields_of_its_promise_and_is_read_again() {
        let word = |byte| B256::repeat_byte(byte);
        let mut receipt = Receipt {
            identity: Identity {
                chain_id: 31337,
                registry: Address::repeat_byte(0x5f),
                merchant_id: word(0xa1),
            },
            vrf_proof: [7; 80],
            promise: Promise {
                event: KeyEvent {
                    key_id: word(1),
                    version: 3,
                    kind: Kind::Sold,
                    at_ms: 1_790_000_000_000,
                    prev: word(2),
                    payload: word(3),
                },
                opening: Some(Opening {
                    salt: word(4),
                    body: "{\"name\":\"月卡 \\\"\"}".to_owned(),
                }),
                buyer: word(7),
                cover: U256::MAX,
                token: Address::repeat_byte(0xe7),
                anchor_by_s: 1_790_086_400,
                path: vec![word(5), word(6)],
                signature: [27; 65],
            },
        };
        for opening in [receipt.promise.opening.clone(), None] {
            receipt.promise.opening = opening;
            let text = receipt.to_json();
            assert_eq!(Receipt::parse(text.as_bytes()).unwrap(), receipt);
            let mut fields = receipt.promise.to_json();
            for (name, value) in [
                ("format", json!(FORMAT)),
                ("chainId", json!(31337)),
                ("registry", json!(receipt.identity.registry)),
                ("merchantId", json!(receipt.identity.merchant_id)),
                ("vrfProof", json!(format!("0x{}", "07".repeat(80)))),
            ] {
                fields[name] = value;
            }
            assert_eq!(text, fields.to_string());
        }
    }
}

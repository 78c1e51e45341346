//! An event's fields in JSON files: bundles, receipts and evidence all write them by these names.

use alloy_primitives::B256;
use serde_json::{Value, json};

use super::{KeyEvent, Kind, Opening, RawEvent};
use crate::Refusal;
use crate::json::{self, Node};

impl KeyEvent {
    /// Takes an event's fields but `keyId`, which a bundle writes once for all its events.
    pub(crate) fn from_fields(fields: &Node<'_>, key_id: B256) -> Result<Self, Refusal> {
        let kind = fields.field("kind")?;
        Ok(Self {
            key_id,
            version: version(fields)?,
            kind: Kind::from_name(kind.text()?).ok_or_else(|| kind.must("a kind of the protocol"))?,
            at_ms: fields.field("at")?.number()?,
            prev: fields.field("prev")?.word()?,
            payload: fields.field("payload")?.word()?,
        })
    }

    /// The event's fields but `keyId`, and `salt` and `body` if it is opened.
    pub(crate) fn to_json(self, opening: Option<&Opening>) -> Value {
        let mut json = json!({
            "version": self.version,
            "kind": self.kind.name(),
            "at": self.at_ms,
            "prev": self.prev,
            "payload": self.payload,
        });
        if let Some(Opening { salt, body }) = opening {
            json["salt"] = json!(salt);
            json["body"] = json!(body);
        }
        json
    }
}

impl Opening {
    /// Takes `salt` and `body`, which come together or are both withheld.
    pub(crate) fn from_fields(fields: &Node<'_>) -> Result<Option<Self>, Refusal> {
        match (fields.optional("salt"), fields.optional("body")) {
            (None, None) => Ok(None),
            (Some(salt), Some(body)) => {
                let body = body.text()?;
                json::parse_object(body)?;
                Ok(Some(Self {
                    salt: salt.word()?,
                    body: body.to_owned(),
                }))
            }
            _ => Err(fields.must("given salt and body together, or neither")),
        }
    }
}

impl RawEvent {
    /// Takes an event's six fields, the kind as its number.
    pub(crate) fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        let kind = fields.field("kind")?;
        Ok(Self {
            key_id: fields.field("keyId")?.word()?,
            version: version(fields)?,
            kind: u8::try_from(kind.number()?).map_err(|_| kind.must("at most 255"))?,
            at_ms: fields.field("at")?.number()?,
            prev: fields.field("prev")?.word()?,
            payload: fields.field("payload")?.word()?,
        })
    }

    /// The event's six fields, the kind as its number, as the dispute contract takes it.
    pub(crate) fn to_json(self) -> Value {
        json!({
            "keyId": self.key_id, "version": self.version, "kind": self.kind, "at": self.at_ms,
            "prev": self.prev, "payload": self.payload,
        })
    }
}

fn version(fields: &Node<'_>) -> Result<u32, Refusal> {
    let version = fields.field("version")?;
    u32::try_from(version.number()?).map_err(|_| version.must("at most 2^32-1"))
}

//! Protocol §2: event bodies, one type for each kind of event that has fields of its own.
//!
//! A body is hashed into its event's `payload` as the exact bytes that are disclosed later, so the order of a type's
//! fields is the order in the bytes, an absent field is left out, and nothing is written between tokens.
//!
//! Reading is lenient where the protocol is: no field is required, unknown fields are ignored, and a field of another
//! JSON type than the one written here counts as absent. Only transfers, which are worthless without the other
//! merchant's name, must have all their fields.
//!
//! To add a body: a struct with its fields in the order of the bytes, `impl Body`, and its exact bytes in the tests.

use std::borrow::Cow;

use alloy_primitives::{Address, B256};
use serde::Serialize;

use crate::Refusal;
use crate::chain::Identity;
use crate::event::Kind;
use crate::json::{self, Node};

/// A field of text: borrowed when a body is written, owned when it was read.
pub type Text<'a> = Option<Cow<'a, str>>;

/// The body of one kind of event.
pub trait Body: Serialize + Sized {
    /// The kind of event that has this body.
    const KIND: Kind;

    /// Takes the fields from a body's object.
    ///
    /// # Errors
    /// `malformed` if a field that this kind of event needs is missing or is not of its form.
    fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal>;

    /// The bytes that are hashed and disclosed: compact JSON.
    #[must_use]
    fn to_json(&self) -> String {
        // Serializing fails only for a map whose keys are not strings, and no body has one.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a disclosed body.
    ///
    /// # Errors
    /// `malformed` if the text is not one JSON object under the protocol's lexical rules, or as [`Self::from_fields`].
    fn parse(body: &str) -> Result<Self, Refusal> {
        let object = json::parse_object(body)?;
        Self::from_fields(&Node::root(&object, "body"))
    }
}

/// What a `generated` event says: where the key came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Generated<'a> {
    /// The merchant's name for the batch of codes that was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Text<'a>,
    /// The product's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Text<'a>,
    /// Who supplied the code; empty if the import did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Text<'a>,
}

impl Body for Generated<'_> {
    const KIND: Kind = Kind::Generated;

    fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            batch: text(fields, "batch"),
            product: text(fields, "product"),
            supplier: text(fields, "supplier"),
        })
    }
}

/// What an `activated` event says: what the key is sold as.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Activated<'a> {
    /// The merchant's name for the batch of codes that was imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Text<'a>,
    /// The product's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Text<'a>,
}

impl Body for Activated<'_> {
    const KIND: Kind = Kind::Activated;

    fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            batch: text(fields, "batch"),
            product: text(fields, "product"),
        })
    }
}

/// What a `sold` event says: the terms of the sale, and a commitment to its buyer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sold<'a> {
    /// The order's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Text<'a>,
    /// The order's line that this key was sold on, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The product's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Text<'a>,
    /// The product's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Text<'a>,
    /// What this key cost, a decimal number like `9.90`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Text<'a>,
    /// The price's ISO 4217 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Text<'a>,
    /// [`crate::buyer::commitment`] of the buyer's secret; absent if the sale names no buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer: Option<B256>,
}

impl Body for Sold<'_> {
    const KIND: Kind = Kind::Sold;

    fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            order: text(fields, "order"),
            line: fields.optional("line").and_then(|line| line.number().ok()),
            product: text(fields, "product"),
            name: text(fields, "name"),
            price: text(fields, "price"),
            currency: text(fields, "currency"),
            buyer: word(fields, "buyer"),
        })
    }
}

impl Sold<'_> {
    /// Whether a promise of the sale with this body may name that buyer: zero if the body names none. A `buyer` that is
    /// no 32-byte hex is still one, and no promise can name it.
    #[must_use]
    pub fn names(body: &str, buyer: &B256) -> bool {
        json::parse_object(body).is_ok_and(|object| {
            let named = Node::root(&object, "body").optional("buyer").map(|field| field.word());
            named.map_or(buyer.is_zero(), |named| named.is_ok_and(|named| named == *buyer))
        })
    }
}

/// What a `redeemed` event says: which sale was used up, and by whom if its buyer showed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Redeemed<'a> {
    /// The order's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Text<'a>,
    /// [`crate::buyer::secret`]: if it hashes to the sale's `buyer`, the redemption was made with the buyer's secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_secret: Option<B256>,
}

impl Body for Redeemed<'_> {
    const KIND: Kind = Kind::Redeemed;

    fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            order: text(fields, "order"),
            buyer_secret: word(fields, "buyerSecret"),
        })
    }
}

/// What a `refunded` event says: which sale was undone, and what was paid back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Refunded<'a> {
    /// The order's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Text<'a>,
    /// The amount paid back, a decimal number like `9.90`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Text<'a>,
    /// The amount's ISO 4217 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Text<'a>,
    /// Why, in the merchant's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Text<'a>,
}

impl Body for Refunded<'_> {
    const KIND: Kind = Kind::Refunded;

    fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            order: text(fields, "order"),
            amount: text(fields, "amount"),
            currency: text(fields, "currency"),
            reason: text(fields, "reason"),
        })
    }
}

/// What a `voided` event says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Voided<'a> {
    /// Why, in the merchant's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Text<'a>,
}

impl Body for Voided<'_> {
    const KIND: Kind = Kind::Voided;

    fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            reason: text(fields, "reason"),
        })
    }
}

/// What a `transferred_out` event says: the merchant that the key left for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TransferredOut {
    /// The key, as the other merchant names it.
    pub to: MerchantKey,
}

impl Body for TransferredOut {
    const KIND: Kind = Kind::TransferredOut;

    fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            to: MerchantKey::from_fields(&fields.field("to")?)?,
        })
    }
}

/// What a `transferred_in` event says: the merchant that the key came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TransferredIn {
    /// The departure that this arrival follows.
    pub from: Departure,
}

impl Body for TransferredIn {
    const KIND: Kind = Kind::TransferredIn;

    fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        let from = fields.field("from")?;
        Ok(Self {
            from: Departure {
                key: MerchantKey::from_fields(&from)?,
                event_hash: from.field("eventHash")?.word()?,
            },
        })
    }
}

/// A key at one merchant. Each merchant has a VRF key of its own, and so its own id for the same code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MerchantKey {
    chain_id: u64,
    registry: Address,
    merchant_id: B256,
    key_id: B256,
}

impl MerchantKey {
    /// The key with that id at that merchant.
    #[must_use]
    pub const fn new(merchant: &Identity, key_id: B256) -> Self {
        Self {
            chain_id: merchant.chain_id,
            registry: merchant.registry,
            merchant_id: merchant.merchant_id,
            key_id,
        }
    }

    fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        let merchant = Identity::from_fields(fields)?;
        Ok(Self::new(&merchant, fields.field("keyId")?.word()?))
    }
}

/// The event by which a key left a merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Departure {
    /// The merchant, and the key there.
    #[serde(flatten)]
    pub key: MerchantKey,
    /// The hash of the `transferred_out` event.
    pub event_hash: B256,
}

fn text(fields: &Node<'_>, name: &'static str) -> Text<'static> {
    let field = fields.optional(name)?;
    field.text().ok().map(|text| text.to_owned().into())
}

fn word(fields: &Node<'_>, name: &'static str) -> Option<B256> {
    fields.optional(name)?.word().ok()
}

//! What the bus carries: facts that a flow writes to the outbox, and messages as consumers get them.

use serde::Serialize;
use serde_json::{Value, json};

use super::id::{AccountId, OrderId};
use super::money::Money;
use super::pool::LowStock;
use super::product::Product;

/// A fact that is no event of a key. It becomes one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<'a> {
    /// A product was created or changed; this is what it is now.
    ProductChanged(&'a Product),
    /// A product's stock fell to its level: told once, until it was above the level again.
    StockLow(&'a LowStock),
    /// An order could not be carried out and waits for a person; nothing was charged.
    OrderAbnormal(OrderId),
    /// The order's tokens up to that generation are refused from now on.
    OrderTokenRevoked { order: OrderId, generation: u32 },
    /// Money from outside was added to an account's credit.
    CreditAdded {
        account: AccountId,
        amount: Money,
        reference: &'a str,
    },
}

impl Fact<'_> {
    #[must_use]
    pub const fn topic(&self) -> &'static str {
        match self {
            Self::ProductChanged(_) => "product.changed",
            Self::StockLow(_) => "product.stock_low",
            Self::OrderAbnormal(_) => "order.abnormal",
            Self::OrderTokenRevoked { .. } => "order.token_revoked",
            Self::CreditAdded { .. } => "credit.added",
        }
    }

    /// The id of what it is about: messages of one key are delivered in order.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::ProductChanged(product) => product.id.to_string(),
            Self::StockLow(low) => low.product.to_string(),
            Self::OrderAbnormal(order) | Self::OrderTokenRevoked { order, .. } => order.to_string(),
            Self::CreditAdded { account, .. } => account.to_string(),
        }
    }

    #[must_use]
    pub fn body(&self) -> Value {
        match self {
            Self::ProductChanged(product) => json!({
                "product": product.id,
                "name": product.name,
                "category": product.category,
                "price": product.sku.price.decimal(),
                "currency": product.sku.price.currency.code(),
                "tiers": product.sku.tiers.text(product.sku.price.currency),
                "orderMax": product.sku.order_max,
                "buyerLimit": product.sku.buyer_limit.map(|limit| limit.to_string()),
                "lowStock": product.sku.low_stock,
                "onSale": product.on_sale,
                "version": product.version,
            }),
            Self::StockLow(low) => json!({
                "product": low.product,
                "name": low.name,
                "available": low.available,
                "lowStock": low.level,
            }),
            Self::OrderAbnormal(order) => json!({ "order": order }),
            Self::OrderTokenRevoked { order, generation } => json!({ "order": order, "generation": generation }),
            Self::CreditAdded {
                account,
                amount,
                reference,
            } => json!({
                "account": account,
                "amount": amount.decimal(),
                "currency": amount.currency.code(),
                "reference": reference,
            }),
        }
    }
}

/// Something that happened, as a consumer gets it. It may come more than once, each time with the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Unique: `fact/12`, or `{key id}/{version}` for an event of a key.
    pub id: String,
    /// `key.` and the event's kind, or a fact's topic: `key.sold`, `order.abnormal`.
    pub topic: String,
    /// What it is about. Messages of one key come in the order in which they happened.
    pub key: String,
    /// When it happened, Unix milliseconds.
    #[serde(rename = "at")]
    pub at_ms: u64,
    pub body: Value,
}

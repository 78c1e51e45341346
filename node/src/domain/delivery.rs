//! What a request for an order is answered with, the first time and at each repeat.

use shelfproof_verifier::receipt::Receipt;

use super::goods::Goods;
use super::id::{OrderId, ProductId};
use super::money::Money;
use super::order::RefusalReason;

/// One delivered key.
#[derive(Clone, Debug)]
pub struct Item {
    /// The line of the order that it belongs to, from 1.
    pub line: i16,
    pub product: ProductId,
    pub goods: Goods,
    /// The signed promise that this sale will be anchored.
    pub receipt: Receipt,
}

/// An order that was paid and delivered.
#[derive(Clone, Debug)]
pub struct Delivered {
    pub order: OrderId,
    /// When it was placed, Unix milliseconds.
    pub created_at_ms: u64,
    pub total: Money,
    /// Its keys, by line and slot.
    pub items: Vec<Item>,
}

/// The answer to a request for an order.
#[derive(Clone, Debug)]
pub enum OrderOutcome {
    /// It was paid and delivered.
    Delivered(Delivered),
    /// It got no key and was not charged.
    Refused {
        order: OrderId,
        reason: RefusalReason,
        /// When it was refused, Unix milliseconds.
        created_at_ms: u64,
    },
}

//! Orders that are paid after they were placed: what is asked for, and what is known when it is decided.

use std::collections::HashMap;

use alloy_primitives::B256;

use crate::domain::id::{OrderId, ProductId};
use crate::domain::money::{Currency, Money};
use crate::domain::order::{NewOrder, Order};
use crate::domain::payment::{PaymentId, PaymentState, Received};

/// An order that is to be paid through a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    pub order: NewOrder,
    pub payment: PaymentId,
    /// The number of the gateway's account, and the currency that it collects.
    pub gateway: i32,
    pub currency: Currency,
    /// A keyed hash of the address that the request came from.
    pub address: B256,
}

/// What is to be done with an order that was paid. It is decided by what is stored under the order's lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    pub order: OrderId,
    /// Of its lines.
    pub products: Vec<ProductId>,
    /// What a gateway collected for it; nothing where an order that was paid before is tried again.
    pub received: Option<Received>,
}

/// An order that is to be settled, as it is stored, locked.
#[derive(Clone, Debug)]
pub struct Unsettled {
    pub order: Order,
    /// What keeps keys for it, by line and slot.
    pub holds: Vec<HeldRange>,
    /// The payment that was received.
    pub payment: Option<PaymentFact>,
    /// The wallet of what is paid and not delivered in the order's currency.
    pub undelivered_wallet: i64,
    /// Whether a person is asked if it can be delivered: only such an order is delivered without a payment.
    pub is_asked: bool,
}

/// Slots that a hold keeps for a line of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldRange {
    pub hold: i64,
    /// The number of the order's line.
    pub line: i16,
    pub pool: i32,
    pub first_slot: i64,
    pub end_slot: i64,
}

/// A payment as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentFact {
    pub id: PaymentId,
    pub amount: Money,
    pub state: PaymentState,
    pub trade_no: Option<String>,
    /// The wallet of what its gateway collected.
    pub clearing_wallet: i64,
}

/// Unpaid orders and held keys, before a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// Unpaid orders by the guest that placed them, and by the address that they came from.
    pub by_guest: HashMap<B256, u32>,
    pub by_address: HashMap<B256, u32>,
    /// Held keys by pool, and by the address that their orders came from.
    pub held: HashMap<i32, i64>,
    pub held_by_address: HashMap<B256, i64>,
}

/// How much can wait for payment at once, so that nobody reserves the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingCaps {
    /// Unpaid orders of one guest, and from one address.
    pub per_guest: u32,
    pub per_address: u32,
    /// Keys of one product that are held, and those that are held for orders from one address.
    pub per_product: u32,
    pub keys_per_address: u32,
}

/// The cap that keeps an order from being placed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Capped {
    #[error("too many unpaid orders of this contact")]
    Guest,
    #[error("too many unpaid orders from this address")]
    Address,
    #[error("too many keys of a product in unpaid orders")]
    Product,
    #[error("too many keys in unpaid orders from this address")]
    Keys,
}

/// What a person has to decide about a paid order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// There are not enough keys.
    OutOfStock,
    /// One of its keys cannot be sold.
    Undeliverable,
    /// It was paid again after it was paid.
    PaidTwice,
}

impl Question {
    const ALL: [Self; 3] = [Self::OutOfStock, Self::Undeliverable, Self::PaidTwice];

    /// The question as the API and the database write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OutOfStock => "out_of_stock",
            Self::Undeliverable => "undeliverable",
            Self::PaidTwice => "paid_twice",
        }
    }

    /// The question of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|question| question.name() == name)
    }
}

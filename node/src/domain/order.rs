//! An order: what a caller asks for, and what becomes of it.

use std::fmt;

use alloy_primitives::B256;

use super::id::{AccountId, OrderId, ProductId};
use super::money::Money;

/// Most lines of one order.
pub const MAX_LINES: usize = 20;
/// Most keys of one order, over all its lines.
pub const MAX_KEYS: u32 = 100;
/// The longest idempotency key, characters.
pub const MAX_IDEMPOTENCY_KEY: usize = 100;

/// One line of an order that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// What.
    pub product: ProductId,
    /// How many keys, at least one.
    pub quantity: u32,
    /// The price of one key that the caller agreed to, a decimal string; another price refuses the order.
    pub price: Option<String>,
}

/// An order that is asked for, of at least one line and within the bounds above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// The id that it gets, unless the request was made before.
    pub id: OrderId,
    /// Who pays.
    pub account: AccountId,
    /// The caller's name of this request.
    pub idempotency_key: String,
    /// SHA-256 of what the request asks for: the same key with another content is refused.
    pub fingerprint: [u8; 32],
    /// What is asked for.
    pub lines: Vec<NewLine>,
    /// `keccak256` of the buyer's secret, from the buyer's side.
    pub buyer: Option<B256>,
}

/// Why an order got no key. It was not charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    /// A line names no product of this shop.
    UnknownProduct,
    /// A product is not for sale now.
    ProductClosed,
    /// There are fewer keys than asked for.
    OutOfStock,
    /// A price is another than the caller agreed to.
    PriceChanged,
    /// The lines are priced in different currencies.
    MixedCurrencies,
    /// The caller's prepaid credit in that currency does not cover the total.
    InsufficientCredit,
    /// It could not be settled, and waits for somebody to look.
    Abnormal,
}

impl RefusalReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::UnknownProduct,
        Self::ProductClosed,
        Self::OutOfStock,
        Self::PriceChanged,
        Self::MixedCurrencies,
        Self::InsufficientCredit,
        Self::Abnormal,
    ];

    /// The reason as the API and the database write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownProduct => "unknown_product",
            Self::ProductClosed => "product_closed",
            Self::OutOfStock => "out_of_stock",
            Self::PriceChanged => "price_changed",
            Self::MixedCurrencies => "mixed_currencies",
            Self::InsufficientCredit => "insufficient_credit",
            Self::Abnormal => "abnormal",
        }
    }

    /// The reason of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == name)
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownProduct => "a line names no product of this shop",
            Self::ProductClosed => "a product of the order is not for sale now",
            Self::OutOfStock => "there are fewer keys than the order asks for",
            Self::PriceChanged => "a price is no longer the one that the order names",
            Self::MixedCurrencies => "the order's products are priced in different currencies",
            Self::InsufficientCredit => "the prepaid credit does not cover the total",
            Self::Abnormal => "the order could not be settled; nothing was charged, and the shop has been told",
        })
    }
}

/// What the database holds of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// Its keys were handed out.
    Delivered,
    /// It got no key, for this reason.
    Refused(RefusalReason),
    /// Some of its keys were paid back.
    PartiallyRefunded,
    /// All of its keys were paid back.
    Refunded,
}

impl OrderStatus {
    /// The state as the API and the database write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused(RefusalReason::Abnormal) => "abnormal",
            Self::Refused(_) => "refused",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }

    /// The state of that name, with the reason that belongs to it.
    #[must_use]
    pub fn from_names(name: &str, reason: Option<&str>) -> Option<Self> {
        match (name, reason) {
            ("delivered", None) => Some(Self::Delivered),
            ("partially_refunded", None) => Some(Self::PartiallyRefunded),
            ("refunded", None) => Some(Self::Refunded),
            ("refused" | "abnormal", Some(reason)) => RefusalReason::from_name(reason).map(Self::Refused),
            _ => None,
        }
    }
}

/// An order as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Who paid.
    pub account: AccountId,
    /// What became of it.
    pub state: OrderStatus,
    /// What it cost; none where no product of it was known, and so no currency.
    pub total: Option<Money>,
    /// `keccak256` of the buyer's secret.
    pub buyer: Option<B256>,
    /// When it was made, Unix milliseconds.
    pub created_at_ms: u64,
}

/// One line of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub line: i16,
    /// What was asked for.
    pub product: ProductId,
    /// How many keys.
    pub quantity: u32,
    /// The price of one key, in minor units of the order's currency.
    pub price_minor: i64,
}

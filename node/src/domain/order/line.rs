//! The lines of an order.

use crate::domain::id::{ProductId, SkuId};

/// One line of an order; amounts in minor units of the order's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub product: ProductId,
    /// None where the product is unknown, and the order refused.
    pub sku: Option<SkuId>,
    /// How many keys, at least one.
    pub quantity: u32,
    /// The price of one key.
    pub unit_minor: i64,
    /// What is taken off `quantity * unit_minor`.
    pub discount_minor: i64,
    pub fulfilment: Fulfilment,
}

/// How far a line is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fulfilment {
    Pending,
    PartiallyDelivered,
    Delivered,
    /// Nothing of it was delivered or will be, unless a payment comes after all.
    Cancelled,
}

impl Line {
    /// A line of an order that is placed.
    #[must_use]
    pub const fn new(product: ProductId, sku: SkuId, quantity: u32, unit_minor: i64) -> Self {
        Self {
            product,
            sku: Some(sku),
            quantity,
            unit_minor,
            discount_minor: 0,
            fulfilment: Fulfilment::Pending,
        }
    }

    /// Before the discount.
    #[must_use]
    pub fn gross_minor(&self) -> i64 {
        // A price is at most MAX_MINOR and an order has at most 100 keys: far from the type's end.
        self.unit_minor * i64::from(self.quantity)
    }

    /// After the discount.
    #[must_use]
    pub fn net_minor(&self) -> i64 {
        self.gross_minor() - self.discount_minor
    }

    /// The line's fulfilment once `delivered` of its keys are delivered in all; `None` where that cannot follow.
    pub(super) const fn after_delivery(&self, delivered: u32) -> Option<Fulfilment> {
        use Fulfilment::{Cancelled, Delivered, PartiallyDelivered, Pending};
        match (self.fulfilment, delivered) {
            (Cancelled, _) | (PartiallyDelivered, 0) => None,
            (Pending, 0) => Some(Pending),
            (_, all) if all == self.quantity => Some(Delivered),
            (Pending | PartiallyDelivered, some) if some < self.quantity => Some(PartiallyDelivered),
            _ => None,
        }
    }

    /// What the line's item at place `at` (from 0) costs: the net amount shared out evenly, the first items bearing the
    /// minor units that do not divide.
    pub(super) fn item_net_minor(&self, at: u32) -> i64 {
        let quantity = i64::from(self.quantity);
        let rest = self.net_minor() % quantity;
        self.net_minor() / quantity + i64::from(i64::from(at) < rest)
    }
}

impl Fulfilment {
    const ALL: [Self; 4] = [
        Self::Pending,
        Self::PartiallyDelivered,
        Self::Delivered,
        Self::Cancelled,
    ];

    /// The state as the database writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::PartiallyDelivered => "partially_delivered",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

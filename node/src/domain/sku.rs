//! SKUs: what an order line buys, at a price. A product has one.

use super::id::SkuId;
use super::money::Money;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sku {
    pub id: SkuId,
    /// Of one unit.
    pub price: Money,
    pub kind: SkuKind,
    pub policy: StockPolicy,
    /// Counts its changes, from 1.
    pub version: i32,
}

/// How a unit is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkuKind {
    /// Each unit is a key from a pool.
    Auto,
    /// A person delivers it.
    Manual,
    /// Every buyer gets the same code.
    Loop,
}

/// When an order takes its stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockPolicy {
    /// At once: an order that waits for its payment holds it.
    Hold,
    /// When the payment is there.
    Allocate,
}

impl SkuKind {
    pub const ALL: [Self; 3] = [Self::Auto, Self::Manual, Self::Loop];

    /// The kind as the API and the database write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Manual => "manual",
            Self::Loop => "loop",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl StockPolicy {
    pub const ALL: [Self; 2] = [Self::Hold, Self::Allocate];

    /// The policy as the API and the database write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Allocate => "allocate",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == name)
    }
}

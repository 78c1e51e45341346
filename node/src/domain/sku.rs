//! SKUs: what an order line buys, at a price. A product has one.

use super::id::SkuId;
use super::money::Money;

mod buyer_limit;
mod tiers;

pub use buyer_limit::{BuyerLimit, MAX_BUYER_UNITS, NotBuyerLimit, Period};
pub use tiers::{MAX_TIERS, NewTier, NewTiers, NotTiers, Tier, Tiers};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sku {
    pub id: SkuId,
    /// Of one unit.
    pub price: Money,
    /// What many units at once cost.
    pub tiers: Tiers,
    /// The most units that one order may be for, where it is fewer than any order's.
    pub order_max: Option<u32>,
    pub buyer_limit: Option<BuyerLimit>,
    /// With so many units available or fewer, its stock is low.
    pub low_stock: Option<u32>,
    pub kind: SkuKind,
    pub policy: StockPolicy,
    /// Counts its changes, from 1.
    pub version: i32,
}

/// The highest level at which a stock is low.
pub const MAX_LOW_STOCK: u32 = 1_000_000;

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

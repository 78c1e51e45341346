//! Products, and how many of a product's keys are where.

use super::id::ProductId;
use super::money::Money;
use super::pool::is_low;
use super::sku::{BuyerLimit, NewTier, Sku, StockPolicy};

/// The longest name of a product, in characters.
pub const MAX_NAME: usize = 200;

/// The longest name of a category, in characters.
pub const MAX_CATEGORY: usize = 100;

/// A product to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProduct {
    pub name: String,
    pub category: Option<String>,
    /// Of one unit.
    pub price: Money,
    pub tiers: Vec<NewTier>,
    /// The most units of one order.
    pub order_max: Option<u32>,
    pub buyer_limit: Option<BuyerLimit>,
    /// The level at which its stock is low.
    pub low_stock: Option<u32>,
    /// When an order that is paid later takes its keys.
    pub policy: StockPolicy,
}

/// A product with its SKU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    /// Unique in the shop.
    pub name: String,
    /// The category that it is listed in.
    pub category: Option<String>,
    pub on_sale: bool,
    pub sku: Sku,
    /// Counts changes of the product and of its SKU, from 1.
    pub version: i32,
    /// Unix milliseconds.
    pub created_at_ms: i64,
}

/// A product in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedProduct {
    pub product: Product,
    /// Keys that can be sold.
    pub available: i64,
}

impl ListedProduct {
    /// Whether its stock is at or below its level.
    #[must_use]
    pub fn is_low(&self) -> bool {
        is_low(self.available, self.product.sku.low_stock)
    }
}

impl NewProduct {
    /// A product of that name and price, without further terms.
    #[must_use]
    pub fn new(name: impl Into<String>, price: Money) -> Self {
        Self {
            name: name.into(),
            category: None,
            price,
            tiers: Vec::new(),
            order_max: None,
            buyer_limit: None,
            low_stock: None,
            policy: StockPolicy::Hold,
        }
    }
}

/// How many of a product's keys are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Imported, not yet activated.
    pub pending: i64,
    /// For sale.
    pub available: i64,
    /// Kept for orders that wait for their payment, and other holds.
    pub held: i64,
    /// Sold, including those that were redeemed, refunded or disputed afterwards.
    pub sold: i64,
    pub voided: i64,
    /// Whether pending, sold and voided count every key. Counting stops at a bound; the three are then lower bounds.
    /// `available` and `held` are always exact.
    pub is_complete: bool,
}

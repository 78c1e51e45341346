//! Products, and how many of a product's keys are where.

use super::id::ProductId;
use super::sku::Sku;

/// The longest name of a product, in characters.
pub const MAX_NAME: usize = 200;

/// A product with its SKU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    /// Unique in the shop.
    pub name: String,
    pub on_sale: bool,
    pub sku: Sku,
    /// Counts changes of the product and of its SKU, from 1.
    pub version: i32,
    /// Unix milliseconds.
    pub created_at_ms: i64,
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

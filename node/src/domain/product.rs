//! What is sold, and what lies on its shelf.

use super::id::ProductId;
use super::money::Money;

/// The longest name of a product, characters.
pub const MAX_NAME: usize = 200;

/// A product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its name, the only one of the shop.
    pub name: String,
    /// The price of one key.
    pub price: Money,
    /// Whether it may be bought.
    pub is_open: bool,
    /// Counts its changes.
    pub version: i32,
    /// When it was made, Unix milliseconds.
    pub created_at_ms: i64,
}

/// What is to be changed of a product; `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductChange {
    /// Another name.
    pub name: Option<String>,
    /// Another price in minor units of the product's currency, which never changes.
    pub price_minor: Option<i64>,
    /// Whether it may be bought.
    pub is_open: Option<bool>,
}

/// How many of a product's keys are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Imported, not yet activated.
    pub pending: i64,
    /// On the shelf.
    pub available: i64,
    /// Sold, whatever came after.
    pub sold: i64,
    /// Withdrawn.
    pub voided: i64,
    /// Whether pending, sold and voided count every key. Counting stops at a bound, and then they say "at least";
    /// `available` is exact always.
    pub is_complete: bool,
}

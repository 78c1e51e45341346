//! Products and stock as answers show them.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Amount, Currency};
use crate::domain::product::{Product, Stock};

/// A product.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Product)]
pub(crate) struct ShownProduct {
    /// Its id.
    product: Uuid,
    /// Its name.
    name: String,
    /// The price of one key, a decimal string.
    #[schema(value_type = Amount)]
    price: String,
    /// ISO 4217.
    #[schema(value_type = Currency)]
    currency: &'static str,
    /// Whether it may be bought.
    is_open: bool,
    /// Counts its changes; name it in the next change.
    #[schema(minimum = 1)]
    version: i32,
    /// Unix milliseconds.
    created_at: i64,
}

/// How many of a product's keys are where.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Stock)]
pub(crate) struct ShownStock {
    /// Imported, not yet activated.
    #[schema(minimum = 0)]
    pending: i64,
    /// On the shelf; exact always.
    #[schema(minimum = 0)]
    available: i64,
    /// Sold, whatever came after.
    #[schema(minimum = 0)]
    sold: i64,
    /// Withdrawn.
    #[schema(minimum = 0)]
    voided: i64,
    /// Whether every key was counted; otherwise `pending`, `sold` and `voided` mean "at least".
    is_complete: bool,
}

impl From<&Product> for ShownProduct {
    fn from(product: &Product) -> Self {
        Self {
            product: product.id.0,
            name: product.name.clone(),
            price: product.price.decimal(),
            currency: product.price.currency.code(),
            is_open: product.is_open,
            version: product.version,
            created_at: product.created_at_ms,
        }
    }
}

impl From<Stock> for ShownStock {
    fn from(stock: Stock) -> Self {
        Self {
            pending: stock.pending,
            available: stock.available,
            sold: stock.sold,
            voided: stock.voided,
            is_complete: stock.is_complete,
        }
    }
}

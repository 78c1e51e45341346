//! Products and stock as the API and `--json` show them.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Amount, Currency, SkuKind, StockPolicy};
use crate::domain::product::{Product, Stock};

/// A product.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Product)]
pub(crate) struct ShownProduct {
    product: Uuid,
    name: String,
    /// The price of one key, a decimal string.
    #[schema(value_type = Amount)]
    price: String,
    /// ISO 4217.
    #[schema(value_type = Currency)]
    currency: &'static str,
    /// Whether it may be bought.
    on_sale: bool,
    /// The id of the unit that an order of the product buys.
    sku: Uuid,
    /// `auto`: each unit is a key from the stock. `manual`: a person delivers it. `loop`: every buyer gets the same
    /// code.
    #[schema(value_type = SkuKind)]
    kind: &'static str,
    /// `hold`: an order that waits for its payment holds its stock. `allocate`: it takes its stock once it is paid.
    #[schema(value_type = StockPolicy)]
    policy: &'static str,
    /// The number of the product's present version. A change must state it, and increases it.
    #[schema(minimum = 1)]
    version: i32,
    /// Unix milliseconds.
    created_at: i64,
}

/// The number of a product's keys in each state.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Stock)]
pub(crate) struct ShownStock {
    /// Imported, not yet activated.
    #[schema(minimum = 0)]
    pending: i64,
    /// For sale; always exact.
    #[schema(minimum = 0)]
    available: i64,
    /// Held for orders that wait for payment; always exact.
    #[schema(minimum = 0)]
    held: i64,
    /// Sold, including those that were redeemed, refunded or disputed afterwards.
    #[schema(minimum = 0)]
    sold: i64,
    /// Voided before they were sold.
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
            price: product.sku.price.decimal(),
            currency: product.sku.price.currency.code(),
            on_sale: product.on_sale,
            sku: product.sku.id.0,
            kind: product.sku.kind.name(),
            policy: product.sku.policy.name(),
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
            held: stock.held,
            sold: stock.sold,
            voided: stock.voided,
            is_complete: stock.is_complete,
        }
    }
}

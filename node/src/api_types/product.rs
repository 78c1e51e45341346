//! Products and stock as the API and `--json` show them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Amount, Currency, SkuKind, StockPolicy};
use crate::domain::money::Money;
use crate::domain::product::{ListedProduct, Product, Stock};
use crate::domain::sku::{self, NewTier, Sku};

/// A wholesale tier: a line of so many keys or more pays this price for each of them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tier {
    /// The fewest keys of the line.
    #[schema(minimum = 2, maximum = 100)]
    quantity: u32,
    /// The price of each key, a decimal string.
    #[schema(value_type = Amount)]
    price: String,
}

/// The most keys of a product that one account may buy.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuyerLimit {
    /// How many.
    #[schema(minimum = 1, maximum = 1_000_000)]
    units: u32,
    per: LimitPeriod,
}

/// `ever`: all that an account bought; `day`: what it bought on one day in UTC. Each counts only what was bought while the
/// product's limit was of that period.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum LimitPeriod {
    Ever,
    Day,
}

/// A product.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Product)]
pub(crate) struct ShownProduct {
    product: Uuid,
    name: String,
    /// The category that it is listed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    category: Option<String>,
    /// The price of one key, a decimal string.
    #[schema(value_type = Amount)]
    price: String,
    /// ISO 4217.
    #[schema(value_type = Currency)]
    currency: &'static str,
    /// Its wholesale tiers; none where each key costs `price`.
    tiers: Vec<Tier>,
    /// The most keys of it that one order may be for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    order_max: Option<u32>,
    /// The most keys of it that one account may buy.
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer_limit: Option<BuyerLimit>,
    /// For admins: with so many keys available or fewer, its stock is low.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000)]
    low_stock: Option<u32>,
    /// For admins, in a list: how many keys can be sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    available: Option<i64>,
    /// For admins, in a list: whether the stock is low.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_low: Option<bool>,
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
            category: product.category.clone(),
            price: product.sku.price.decimal(),
            currency: product.sku.price.currency.code(),
            tiers: tiers(&product.sku),
            order_max: product.sku.order_max,
            buyer_limit: product.sku.buyer_limit.map(BuyerLimit::from),
            low_stock: product.sku.low_stock,
            available: None,
            is_low: None,
            on_sale: product.on_sale,
            sku: product.sku.id.0,
            kind: product.sku.kind.name(),
            policy: product.sku.policy.name(),
            version: product.version,
            created_at: product.created_at_ms,
        }
    }
}

impl ShownProduct {
    /// The product as those see it who do not see its stock.
    pub(crate) fn without_stock(product: &Product) -> Self {
        Self {
            low_stock: None,
            ..Self::from(product)
        }
    }
}

impl From<&ListedProduct> for ShownProduct {
    fn from(listed: &ListedProduct) -> Self {
        Self {
            available: Some(listed.available),
            is_low: Some(listed.is_low()),
            ..Self::from(&listed.product)
        }
    }
}

impl From<BuyerLimit> for sku::BuyerLimit {
    fn from(BuyerLimit { units, per }: BuyerLimit) -> Self {
        let per = match per {
            LimitPeriod::Ever => sku::Period::Ever,
            LimitPeriod::Day => sku::Period::Day,
        };
        Self { units, per }
    }
}

impl From<sku::BuyerLimit> for BuyerLimit {
    fn from(sku::BuyerLimit { units, per }: sku::BuyerLimit) -> Self {
        let per = match per {
            sku::Period::Ever => LimitPeriod::Ever,
            sku::Period::Day => LimitPeriod::Day,
        };
        Self { units, per }
    }
}

impl From<Tier> for NewTier {
    fn from(Tier { quantity, price }: Tier) -> Self {
        Self { quantity, price }
    }
}

fn tiers(sku: &Sku) -> Vec<Tier> {
    let shown = sku.tiers.iter().map(|tier| {
        let price = Money {
            minor: tier.price_minor,
            ..sku.price
        };
        Tier {
            quantity: tier.quantity,
            price: price.decimal(),
        }
    });
    shown.collect()
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

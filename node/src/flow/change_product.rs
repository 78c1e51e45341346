//! Changes a product's name, price, or whether it is for sale.

use sqlx::PgPool;

use super::FlowError;
use super::create_product::taken;
use crate::domain::id::ProductId;
use crate::domain::money::Money;
use crate::domain::name;
use crate::domain::product::{MAX_NAME, Product, ProductChange};
use crate::store::product::{ProductUpdate, product_get, product_update};

/// What is asked to be changed; `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Another name.
    pub name: Option<String>,
    /// Another price, a decimal string in the product's currency.
    pub price: Option<String>,
    /// Whether it may be bought.
    pub is_open: Option<bool>,
}

/// Changes the product `id` that still has that version, and returns it with the next.
///
/// # Errors
/// `Invalid` for a field, `Missing`, `Stale`, or `Taken` where another product has the name.
pub async fn change_product(pool: &PgPool, id: ProductId, version: i32, change: Change) -> Result<Product, FlowError> {
    let missing = || FlowError::Missing {
        noun: "product",
        name: id.to_string(),
    };
    let mut transaction = pool.begin().await?;
    let product = product_get(&mut *transaction, id).await?.ok_or_else(missing)?;
    let change = parse(&product, change)?;
    let update = product_update(&mut transaction, id, version, &change)
        .await
        .map_err(|error| match &change.name {
            Some(name) if error.constraint() == Some("products_name") => taken(name),
            _ => error.into(),
        })?;
    transaction.commit().await?;
    match update {
        ProductUpdate::Updated(product) => Ok(product),
        ProductUpdate::Stale(product) => Err(FlowError::Stale {
            noun: "product",
            version: product.version,
        }),
        ProductUpdate::Missing => Err(missing()),
    }
}

fn parse(product: &Product, change: Change) -> Result<ProductChange, FlowError> {
    let name = change.name.map(|name| name::parse(&name, MAX_NAME)).transpose();
    let price = change.price.map(|price| Money::parse(&price, product.price.currency));
    let price = price.transpose().map_err(FlowError::not_money("price"))?;
    Ok(ProductChange {
        name: name.map_err(FlowError::not_name("name"))?,
        price_minor: price.map(|price| price.minor),
        is_open: change.is_open,
    })
}

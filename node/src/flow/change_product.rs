//! Changes a product's name, its price, or whether it is on sale.

use std::fmt::Display;

use sqlx::{PgConnection, PgPool};

use super::FlowError;
use super::create_product::taken;
use crate::domain::id::ProductId;
use crate::domain::message::Fact;
use crate::domain::money::Money;
use crate::domain::name;
use crate::domain::product::{MAX_NAME, Product};
use crate::store::outbox::outbox_insert;
use crate::store::pool::pool_lock_of_product;
use crate::store::product::{VersionedUpdate, product_get, product_update};
use crate::store::sku::sku_update;

/// The change that is asked for; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub name: Option<String>,
    /// A decimal string in the SKU's currency, which never changes.
    pub price: Option<String>,
    pub on_sale: Option<bool>,
}

/// Changes the product `id` that still has that version, and returns it with the next one.
///
/// # Errors
/// `Invalid` for a field, `Missing`, `Stale`, or `Taken` where another product has the name.
pub async fn change_product(pool: &PgPool, id: ProductId, version: i32, change: Change) -> Result<Product, FlowError> {
    let name = change.name.map(|name| name::parse(&name, MAX_NAME)).transpose();
    let name = name.map_err(FlowError::not_name("name"))?;
    let mut transaction = pool.begin().await?;
    // Batches under way end first: whoever is told of the new price will not see a sale at the old one.
    pool_lock_of_product(&mut transaction, id).await?;
    let update = product_update(&mut transaction, id, version, name.as_deref(), change.on_sale)
        .await
        .map_err(|error| match &name {
            Some(name) if error.constraint() == Some("products_name") => taken(name),
            _ => error.into(),
        })?;
    require_updated(update, "product", id)?;
    let mut product = read(&mut transaction, id).await?;
    if let Some(price) = change.price {
        let price = Money::parse(&price, product.sku.price.currency).map_err(FlowError::not_money("price"))?;
        let update = sku_update(&mut transaction, &product, price.minor).await?;
        require_updated(update, "SKU", product.sku.id)?;
        product = read(&mut transaction, id).await?;
    }
    outbox_insert(&mut transaction, &Fact::ProductChanged(&product)).await?;
    transaction.commit().await?;
    Ok(product)
}

fn require_updated(update: VersionedUpdate, noun: &'static str, id: impl Display) -> Result<(), FlowError> {
    match update {
        VersionedUpdate::Updated => Ok(()),
        VersionedUpdate::Stale(version) => Err(FlowError::Stale { noun, version }),
        VersionedUpdate::Missing => Err(missing(noun, id)),
    }
}

async fn read(connection: &mut PgConnection, id: ProductId) -> Result<Product, FlowError> {
    let product = product_get(connection, id).await?;
    product.ok_or_else(|| missing("product", id))
}

fn missing(noun: &'static str, id: impl Display) -> FlowError {
    FlowError::Missing {
        noun,
        name: id.to_string(),
    }
}

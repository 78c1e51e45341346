//! Changes a product's name, its category, its terms, or whether it is on sale.

use std::fmt::Display;

use sqlx::{PgConnection, PgPool};

use super::FlowError;
use super::create_product::{category, check_bounds, taken};
use super::low_stock::tell_low_stock;
use crate::domain::edit::Edit;
use crate::domain::id::ProductId;
use crate::domain::message::Fact;
use crate::domain::money::Money;
use crate::domain::name;
use crate::domain::pool::is_low;
use crate::domain::product::{MAX_NAME, Product};
use crate::domain::sku::{BuyerLimit, NewTier, Sku, StockPolicy, Tiers};
use crate::store::outbox::outbox_insert;
use crate::store::pool::pool_lock_of_product;
use crate::store::product::{VersionedUpdate, product_get, product_update};
use crate::store::sku::sku_update;

/// The change that is asked for; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub name: Option<String>,
    pub category: Edit<String>,
    /// A decimal string in the SKU's currency, which never changes.
    pub price: Option<String>,
    pub tiers: Option<Vec<NewTier>>,
    /// The most keys of one order.
    pub order_max: Edit<u32>,
    pub buyer_limit: Edit<BuyerLimit>,
    /// The level at which its stock is low.
    pub low_stock: Edit<u32>,
    /// When an order that is paid later takes its keys; one that waits keeps what it holds.
    pub policy: Option<StockPolicy>,
    pub on_sale: Option<bool>,
}

/// Changes the product `id` that still has that version, and returns it with the next one.
///
/// # Errors
/// `Invalid` for a field, `Missing`, `Stale`, or `Taken` where another product has the name.
pub async fn change_product(pool: &PgPool, id: ProductId, version: i32, change: Change) -> Result<Product, FlowError> {
    let name = change.name.as_deref().map(|name| name::parse(name, MAX_NAME));
    let name = name.transpose();
    let name = name.map_err(FlowError::not_name("name"))?;
    let category = match &change.category {
        Edit::Set(text) => Edit::Set(category(text)?),
        Edit::Keep => Edit::Keep,
        Edit::Remove => Edit::Remove,
    };
    let category = category.as_ref().map(String::as_str);
    let mut transaction = pool.begin().await?;
    // Batches under way end first: whoever is told of the new price will not see a sale at the old one.
    let locked = pool_lock_of_product(&mut transaction, id).await?;
    let update = product_update(&mut transaction, id, version, name.as_deref(), change.on_sale, category)
        .await
        .map_err(|error| match &name {
            Some(name) if error.constraint() == Some("products_name") => taken(name),
            _ => error.into(),
        })?;
    require_updated(update, "product", id)?;
    let mut product = read(&mut transaction, id).await?;
    let sku = changed(&product.sku, &change)?;
    if sku != product.sku {
        let update = sku_update(&mut transaction, &product, &sku).await?;
        require_updated(update, "SKU", product.sku.id)?;
        let level = product.sku.low_stock;
        product = read(&mut transaction, id).await?;
        if let Some(pool) = locked.filter(|_| product.sku.low_stock != level) {
            tell_low_stock(&mut transaction, pool, |now| is_low(now.available, level)).await?;
        }
    }
    outbox_insert(&mut transaction, &Fact::ProductChanged(&product)).await?;
    transaction.commit().await?;
    Ok(product)
}

/// The SKU with what is asked for.
fn changed(sku: &Sku, change: &Change) -> Result<Sku, FlowError> {
    let price = match &change.price {
        Some(price) => Money::parse(price, sku.price.currency).map_err(FlowError::not_money("price"))?,
        None => sku.price,
    };
    let tiers = match &change.tiers {
        Some(tiers) => Tiers::new(tiers, price).map_err(FlowError::invalid("tiers"))?,
        None => sku.tiers.clone(),
    };
    // Tiers that stay must fit a price that does not.
    tiers.check(price).map_err(FlowError::invalid("price"))?;
    let sku = Sku {
        price,
        tiers,
        order_max: change.order_max.apply(sku.order_max),
        buyer_limit: change.buyer_limit.apply(sku.buyer_limit),
        low_stock: change.low_stock.apply(sku.low_stock),
        policy: change.policy.unwrap_or(sku.policy),
        ..sku.clone()
    };
    check_bounds(&sku)?;
    Ok(sku)
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

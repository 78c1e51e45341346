//! Makes a product with its SKU, the house's pool of it, and the wallet that its sales fill.

use sqlx::PgPool;

use super::{FlowError, stored_ms};
use crate::domain::id::{ProductId, SkuId};
use crate::domain::message::Fact;
use crate::domain::name;
use crate::domain::order::MAX_KEYS;
use crate::domain::product::{MAX_CATEGORY, MAX_NAME, NewProduct, Product};
use crate::domain::sku::{MAX_BUYER_UNITS, MAX_LOW_STOCK, Sku, SkuKind, Tiers};
use crate::store::outbox::outbox_insert;
use crate::store::pool::pool_insert;
use crate::store::product::product_insert;
use crate::store::sku::sku_insert;
use crate::store::wallet::wallet_open_revenue;

/// Makes the product `id`, on sale. A crash leaves all of its rows or none.
///
/// # Errors
/// `Invalid` for a field, `Taken` where another product has the name.
pub async fn create_product(pool: &PgPool, id: ProductId, new: NewProduct, now_ms: u64) -> Result<Product, FlowError> {
    let price = new.price;
    let product = Product {
        id,
        name: name::parse(&new.name, MAX_NAME).map_err(FlowError::not_name("name"))?,
        category: new.category.as_deref().map(category).transpose()?,
        on_sale: true,
        sku: Sku {
            id: SkuId::new(now_ms, rand::random()),
            price,
            tiers: Tiers::new(&new.tiers, price).map_err(FlowError::invalid("tiers"))?,
            order_max: new.order_max,
            buyer_limit: new.buyer_limit,
            low_stock: new.low_stock,
            kind: SkuKind::Auto,
            policy: new.policy,
            version: 1,
        },
        version: 1,
        created_at_ms: stored_ms(now_ms),
    };
    check_bounds(&product.sku)?;
    let mut transaction = pool.begin().await?;
    product_insert(&mut transaction, &product).await.map_err(|error| {
        if error.constraint() == Some("products_name") {
            return taken(&product.name);
        }
        error.into()
    })?;
    sku_insert(&mut transaction, &product).await?;
    pool_insert(&mut *transaction, product.sku.id).await?;
    wallet_open_revenue(&mut transaction, product.id, price.currency).await?;
    outbox_insert(&mut transaction, &Fact::ProductChanged(&product)).await?;
    transaction.commit().await?;
    Ok(product)
}

/// Reads the name of a category.
pub(super) fn category(text: &str) -> Result<String, FlowError> {
    name::parse(text, MAX_CATEGORY).map_err(FlowError::not_name("category"))
}

/// Refuses limits and levels that are none.
pub(super) fn check_bounds(sku: &Sku) -> Result<(), FlowError> {
    let limit = sku.buyer_limit.map(|limit| limit.units);
    for (field, given, max) in [
        ("orderMax", sku.order_max, MAX_KEYS),
        ("buyerLimit", limit, MAX_BUYER_UNITS),
    ] {
        if given.is_some_and(|given| !(1..=max).contains(&given)) {
            let rule = format!("it must be a number of keys from 1 to {max}");
            return Err(FlowError::invalid(field)(rule));
        }
    }
    if sku.low_stock.is_some_and(|level| level > MAX_LOW_STOCK) {
        let rule = format!("it must be a number of keys from 0 to {MAX_LOW_STOCK}");
        return Err(FlowError::invalid("lowStock")(rule));
    }
    Ok(())
}

/// That another product has the name.
pub(super) fn taken(name: &str) -> FlowError {
    FlowError::Taken {
        noun: "product",
        field: "name",
        name: name.to_owned(),
    }
}

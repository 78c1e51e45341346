//! Makes a product with its SKU, the house's pool of it, and the wallet that its sales fill.

use sqlx::PgPool;

use super::{FlowError, stored_ms};
use crate::domain::id::{ProductId, SkuId};
use crate::domain::money::Money;
use crate::domain::name;
use crate::domain::product::{MAX_NAME, Product};
use crate::domain::sku::{Sku, SkuKind, StockPolicy};
use crate::store::pool::pool_insert;
use crate::store::product::product_insert;
use crate::store::sku::sku_insert;
use crate::store::wallet::wallet_open_revenue;

/// Makes the product `id`, on sale, of that name and price. A crash leaves all of its rows or none.
///
/// # Errors
/// `Invalid` where `name` is no name, `Taken` where another product has it.
pub async fn create_product(
    pool: &PgPool,
    id: ProductId,
    name: &str,
    price: Money,
    now_ms: u64,
) -> Result<Product, FlowError> {
    let product = Product {
        id,
        name: name::parse(name, MAX_NAME).map_err(FlowError::not_name("name"))?,
        on_sale: true,
        sku: Sku {
            id: SkuId::new(now_ms, rand::random()),
            price,
            kind: SkuKind::Auto,
            policy: StockPolicy::Hold,
            version: 1,
        },
        version: 1,
        created_at_ms: stored_ms(now_ms),
    };
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
    transaction.commit().await?;
    Ok(product)
}

/// That another product has the name.
pub(super) fn taken(name: &str) -> FlowError {
    FlowError::Taken {
        noun: "product",
        field: "name",
        name: name.to_owned(),
    }
}

//! Makes a product, with its empty shelf and the wallet that its sales fill.

use sqlx::PgPool;

use super::{FlowError, stored_ms};
use crate::domain::id::ProductId;
use crate::domain::money::Money;
use crate::domain::name;
use crate::domain::product::{MAX_NAME, Product};
use crate::store::product::{pool_insert, product_insert};
use crate::store::wallet::wallet_open_revenue;

/// Makes the product `id`, open for sale, of that name and price. A crash leaves all three rows or none.
///
/// # Errors
/// `Invalid` for a name that is none, `Taken` for one that another product has.
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
        price,
        is_open: true,
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
    pool_insert(&mut transaction, product.id).await?;
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

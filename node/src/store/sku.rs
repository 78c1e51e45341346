//! SKUs; they are read with their products.

use sqlx::PgConnection;

use super::StoreError;
use super::product::{VersionedUpdate, product_get};
use crate::domain::product::Product;

/// Inserts the SKU of a product.
///
/// # Errors
/// The database's.
pub async fn sku_insert(connection: &mut PgConnection, product: &Product) -> Result<(), StoreError> {
    let sku = &product.sku;
    sqlx::query(include_str!("sql/sku_insert.sql"))
        .bind(sku.id.0)
        .bind(product.id.0)
        .bind(sku.price.minor)
        .bind(sku.price.currency.code())
        .bind(sku.kind.name())
        .bind(sku.policy.name())
        .bind(sku.version)
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives the product's SKU another price in the same currency, if it still has the version that `seen` has.
///
/// # Errors
/// The database's.
pub async fn sku_update(
    connection: &mut PgConnection,
    seen: &Product,
    price_minor: i64,
) -> Result<VersionedUpdate, StoreError> {
    let done = sqlx::query(include_str!("sql/sku_update.sql"))
        .bind(seen.sku.id.0)
        .bind(seen.sku.version)
        .bind(price_minor)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 1 {
        return Ok(VersionedUpdate::Updated);
    }
    let found = product_get(connection, seen.id).await?;
    Ok(found.map_or(VersionedUpdate::Missing, |product| {
        VersionedUpdate::Stale(product.sku.version)
    }))
}

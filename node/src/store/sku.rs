//! SKUs; they are read with their products.

use sqlx::PgConnection;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

use super::StoreError;
use super::product::{VersionedUpdate, product_get};
use crate::domain::product::Product;
use crate::domain::sku::Sku;

/// Inserts the SKU of a product.
///
/// # Errors
/// The database's.
pub async fn sku_insert(connection: &mut PgConnection, product: &Product) -> Result<(), StoreError> {
    let sku = &product.sku;
    let statement = sqlx::query(include_str!("sql/sku_insert.sql"))
        .bind(sku.id.0)
        .bind(product.id.0)
        .bind(sku.price.currency.code())
        .bind(sku.kind.name())
        .bind(sku.policy.name())
        .bind(sku.version);
    bind_terms(statement, sku).execute(connection).await?;
    Ok(())
}

/// Gives the SKU of the product `seen` the terms of `sku`, which is the same SKU, if it still has the version that was
/// seen.
///
/// # Errors
/// The database's.
pub async fn sku_update(
    connection: &mut PgConnection,
    seen: &Product,
    sku: &Sku,
) -> Result<VersionedUpdate, StoreError> {
    let statement = sqlx::query(include_str!("sql/sku_update.sql"))
        .bind(seen.sku.id.0)
        .bind(seen.sku.version);
    let statement = bind_terms(statement, sku).bind(sku.policy.name());
    let done = statement.execute(&mut *connection).await?;
    if done.rows_affected() == 1 {
        return Ok(VersionedUpdate::Updated);
    }
    let found = product_get(connection, seen.id).await?;
    Ok(found.map_or(VersionedUpdate::Missing, |product| {
        VersionedUpdate::Stale(product.sku.version)
    }))
}

type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// Binds what may change of an SKU.
fn bind_terms<'q>(statement: Statement<'q>, sku: &Sku) -> Statement<'q> {
    let quantities = sku.tiers.iter().map(|tier| tier.quantity.cast_signed());
    let prices_minor = sku.tiers.iter().map(|tier| tier.price_minor);
    statement
        .bind(sku.price.minor)
        .bind(quantities.collect::<Vec<_>>())
        .bind(prices_minor.collect::<Vec<_>>())
        .bind(sku.order_max.map(u32::cast_signed))
        .bind(sku.buyer_limit.map(|limit| limit.units.cast_signed()))
        .bind(sku.buyer_limit.map(|limit| limit.per.name()))
        .bind(sku.low_stock.map(u32::cast_signed))
}

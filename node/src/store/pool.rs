//! Pools: an owner's stock of an SKU, as slots in the order in which keys are sold. What a pool holds is read from the view
//! `shop.stock`; see `migrations` for what `cursor`, `tail` and `holes` count.

use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use super::column::optional;
use crate::domain::id::{BatchId, ProductId, SkuId};

/// A locked pool, as activation needs it.
pub struct LockedPool {
    pub id: i32,
    /// The slot of the next key that is activated.
    pub tail: i64,
    pub product: ProductId,
}

/// Makes the house's pool of an SKU, empty.
///
/// # Errors
/// The database's.
pub async fn pool_insert(executor: impl PgExecutor<'_>, sku: SkuId) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/pool_insert.sql"))
        .bind(sku.0)
        .execute(executor)
        .await?;
    Ok(())
}

/// Locks a pool until the transaction ends.
///
/// # Errors
/// The database's.
pub async fn pool_lock(connection: &mut PgConnection, pool: i32) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/pool_lock.sql"))
        .bind(pool)
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// Locks the house's pool of a product, if there is such a product, until the transaction ends: nobody sells from it
/// meanwhile. Returns the pool.
///
/// # Errors
/// The database's.
pub async fn pool_lock_of_product(
    connection: &mut PgConnection,
    product: ProductId,
) -> Result<Option<i32>, StoreError> {
    Ok(sqlx::query_scalar(include_str!("sql/pool_lock_of_product.sql"))
        .bind(product.0)
        .fetch_optional(connection)
        .await?)
}

/// The stock of a locked pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolStock {
    pub product: ProductId,
    /// The product's name.
    pub name: String,
    /// The level at which the stock is low.
    pub level: Option<u32>,
    pub available: i64,
}

/// Reads the stock of a locked pool.
///
/// # Errors
/// The database's.
pub async fn pool_stock(executor: impl PgExecutor<'_>, pool: i32) -> Result<PoolStock, StoreError> {
    let (product, name, level, available): (Uuid, String, Option<i32>, i64) =
        sqlx::query_as(include_str!("sql/pool_stock.sql"))
            .bind(pool)
            .fetch_one(executor)
            .await?;
    Ok(PoolStock {
        product: ProductId(product),
        name,
        level: optional("skus", "low_stock", level, &product)?,
        available,
    })
}

/// Locks the pool that a batch's keys go to until the transaction ends: nobody else sells from it or fills it.
///
/// # Errors
/// The database's.
pub async fn pool_lock_of_batch(
    connection: &mut PgConnection,
    batch: BatchId,
) -> Result<Option<LockedPool>, StoreError> {
    let pool: Option<(i32, i64, Uuid)> = sqlx::query_as(include_str!("sql/pool_lock_of_batch.sql"))
        .bind(batch.0)
        .fetch_optional(connection)
        .await?;
    Ok(pool.map(|(id, tail, product)| LockedPool {
        id,
        tail,
        product: ProductId(product),
    }))
}

/// Moves a locked pool's tail on by that many slots.
///
/// # Errors
/// The database's.
pub async fn pool_fill(connection: &mut PgConnection, pool: i32, slots: usize) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/pool_fill.sql"))
        .bind(pool)
        .bind((slots as u64).cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

/// Counts one more voided key of a locked pool. Where the pool's cursor stands at it, the cursor moves to the next key.
///
/// # Errors
/// The database's.
pub async fn pool_hole(connection: &mut PgConnection, pool: i32) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/pool_hole.sql"))
        .bind(pool)
        .execute(&mut *connection)
        .await?;
    sqlx::query(include_str!("sql/pool_step.sql"))
        .bind(pool)
        .execute(connection)
        .await?;
    Ok(())
}

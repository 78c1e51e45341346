//! Products, their shelves and their stock.

use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::{StoreError, column};
use crate::domain::id::ProductId;
use crate::domain::product::{Product, ProductChange, Stock};

/// Most keys of one product that [`product_stock`] looks at: about half a second of the database's time.
pub const STOCK_KEYS_MAX: i64 = 1_000_000;

/// What became of a change that names the version it was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductUpdate {
    /// Done; the product as it stands now.
    Updated(Product),
    /// Somebody changed it before; the product as it stands now.
    Stale(Product),
    /// There is no such product.
    Missing,
}

#[derive(FromRow)]
struct ProductRow {
    id: Uuid,
    name: String,
    price_minor: i64,
    currency: String,
    is_open: bool,
    version: i32,
    created_at_ms: i64,
}

impl TryFrom<ProductRow> for Product {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self, StoreError> {
        Ok(Self {
            price: column::money(row.price_minor, &row.currency, "products", &row.id)?,
            id: ProductId(row.id),
            name: row.name,
            is_open: row.is_open,
            version: row.version,
            created_at_ms: row.created_at_ms,
        })
    }
}

/// Writes a product, without its shelf.
///
/// # Errors
/// The database's; constraint `products_name` where the name is taken.
pub async fn product_insert(connection: &mut PgConnection, product: &Product) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/product_insert.sql"))
        .bind(product.id.0)
        .bind(&product.name)
        .bind(product.price.minor)
        .bind(product.price.currency.code())
        .bind(product.is_open)
        .bind(product.version)
        .bind(product.created_at_ms)
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives a product its empty shelf.
///
/// # Errors
/// The database's.
pub async fn pool_insert(connection: &mut PgConnection, product: ProductId) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/pool_insert.sql"))
        .bind(product.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// The product of that id.
///
/// # Errors
/// The database's.
pub async fn product_get(database: impl PgExecutor<'_>, id: ProductId) -> Result<Option<Product>, StoreError> {
    let row: Option<ProductRow> = sqlx::query_as(include_str!("sql/product_get.sql"))
        .bind(id.0)
        .fetch_optional(database)
        .await?;
    row.map(Product::try_from).transpose()
}

/// The product of that name.
///
/// # Errors
/// The database's.
pub async fn product_find(database: impl PgExecutor<'_>, name: &str) -> Result<Option<Product>, StoreError> {
    let row: Option<ProductRow> = sqlx::query_as(include_str!("sql/product_find.sql"))
        .bind(name)
        .fetch_optional(database)
        .await?;
    row.map(Product::try_from).transpose()
}

/// At most `limit` products after that one, by id: oldest first.
///
/// # Errors
/// The database's.
pub async fn product_list(
    database: impl PgExecutor<'_>,
    after: Option<ProductId>,
    limit: u32,
) -> Result<Vec<Product>, StoreError> {
    let rows: Vec<ProductRow> = sqlx::query_as(include_str!("sql/product_list.sql"))
        .bind(after.map(|id| id.0))
        .bind(i64::from(limit))
        .fetch_all(database)
        .await?;
    rows.into_iter().map(Product::try_from).collect()
}

/// Changes a product that still has that version.
///
/// # Errors
/// The database's; constraint `products_name` where the name is taken.
pub async fn product_update(
    connection: &mut PgConnection,
    id: ProductId,
    version: i32,
    change: &ProductChange,
) -> Result<ProductUpdate, StoreError> {
    let row: Option<ProductRow> = sqlx::query_as(include_str!("sql/product_update.sql"))
        .bind(id.0)
        .bind(version)
        .bind(&change.name)
        .bind(change.price_minor)
        .bind(change.is_open)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(row) = row {
        return Ok(ProductUpdate::Updated(row.try_into()?));
    }
    let found = product_get(connection, id).await?;
    Ok(found.map_or(ProductUpdate::Missing, ProductUpdate::Stale))
}

/// How many of a product's keys are where; `None` where there is no such product.
///
/// # Errors
/// The database's.
pub async fn product_stock(database: impl PgExecutor<'_>, id: ProductId) -> Result<Option<Stock>, StoreError> {
    let row: Option<(i64, i64, i64, i64, bool)> = sqlx::query_as(include_str!("sql/product_stock.sql"))
        .bind(id.0)
        .bind(STOCK_KEYS_MAX)
        .fetch_optional(database)
        .await?;
    Ok(row.map(|(pending, available, sold, voided, is_complete)| Stock {
        pending,
        available,
        sold,
        voided,
        is_complete,
    }))
}

//! Products with their SKUs, and their stock.

use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::{StoreError, column};
use crate::domain::edit::Edit;
use crate::domain::id::{ProductId, SkuId};
use crate::domain::product::{ListedProduct, Product, Stock};
use crate::domain::sku::{Sku, SkuKind, StockPolicy};

/// Most keys of one product that [`product_stock`] counts: about half a second of the database's time.
pub const STOCK_KEYS_MAX: i64 = 1_000_000;

/// What became of a change that names the version it was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionedUpdate {
    Updated,
    /// The row has this version.
    Stale(i32),
    Missing,
}

#[derive(FromRow)]
struct ProductRow {
    id: Uuid,
    name: String,
    on_sale: bool,
    version: i32,
    created_at_ms: i64,
    category: Option<String>,
    sku_id: Uuid,
    price_minor: i64,
    currency: String,
    kind: String,
    policy: String,
    sku_version: i32,
    tier_quantities: Vec<i32>,
    tier_prices_minor: Vec<i64>,
    order_max: Option<i32>,
    buyer_max: Option<i32>,
    buyer_per: Option<String>,
    low_stock: Option<i32>,
}

impl TryFrom<ProductRow> for Product {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self, StoreError> {
        let unknown = |column| column::inconsistent("skus", column, &row.sku_id);
        let sku = Sku {
            id: SkuId(row.sku_id),
            price: column::money(row.price_minor, &row.currency, "skus", &row.sku_id)?,
            tiers: column::tiers(&row.tier_quantities, &row.tier_prices_minor, &row.sku_id)?,
            order_max: column::optional("skus", "order_max", row.order_max, &row.sku_id)?,
            buyer_limit: column::buyer_limit(row.buyer_max, row.buyer_per.as_deref(), &row.sku_id)?,
            low_stock: column::optional("skus", "low_stock", row.low_stock, &row.sku_id)?,
            kind: SkuKind::from_name(&row.kind).ok_or_else(|| unknown("kind"))?,
            policy: StockPolicy::from_name(&row.policy).ok_or_else(|| unknown("policy"))?,
            version: row.sku_version,
        };
        Ok(Self {
            id: ProductId(row.id),
            name: row.name,
            category: row.category,
            on_sale: row.on_sale,
            sku,
            version: row.version,
            created_at_ms: row.created_at_ms,
        })
    }
}

#[derive(FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    product: ProductRow,
    available: i64,
}

impl TryFrom<ListedRow> for ListedProduct {
    type Error = StoreError;

    fn try_from(row: ListedRow) -> Result<Self, StoreError> {
        Ok(Self {
            product: row.product.try_into()?,
            available: row.available,
        })
    }
}

/// Inserts a product without its SKU.
///
/// # Errors
/// The database's; constraint `products_name` where the name is taken.
pub async fn product_insert(connection: &mut PgConnection, product: &Product) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/product_insert.sql"))
        .bind(product.id.0)
        .bind(&product.name)
        .bind(product.on_sale)
        .bind(product.version)
        .bind(product.created_at_ms)
        .bind(&product.category)
        .execute(connection)
        .await?;
    Ok(())
}

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

/// At most `limit` products, of one category or of all, after that id, oldest first.
///
/// # Errors
/// The database's.
pub async fn product_list(
    database: impl PgExecutor<'_>,
    category: Option<&str>,
    after: Option<ProductId>,
    limit: u32,
) -> Result<Vec<ListedProduct>, StoreError> {
    let sql = match category {
        Some(_) => include_str!("sql/product_list_by_category.sql"),
        None => include_str!("sql/product_list.sql"),
    };
    let query = sqlx::query_as(sql).bind(after.map(|id| id.0)).bind(i64::from(limit));
    let query = match category {
        Some(category) => query.bind(category),
        None => query,
    };
    let rows: Vec<ListedRow> = query.fetch_all(database).await?;
    rows.into_iter().map(ListedProduct::try_from).collect()
}

/// Changes a product that still has that version, gives it the next one, and locks it until the transaction ends. What is
/// `None` stays as it is.
///
/// # Errors
/// The database's; constraint `products_name` where the name is taken.
pub async fn product_update(
    connection: &mut PgConnection,
    id: ProductId,
    version: i32,
    name: Option<&str>,
    on_sale: Option<bool>,
    category: Edit<&str>,
) -> Result<VersionedUpdate, StoreError> {
    let done = sqlx::query(include_str!("sql/product_update.sql"))
        .bind(id.0)
        .bind(version)
        .bind(name)
        .bind(on_sale)
        .bind(category != Edit::Keep)
        .bind(category.apply(None))
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 1 {
        return Ok(VersionedUpdate::Updated);
    }
    let found = product_get(connection, id).await?;
    Ok(found.map_or(VersionedUpdate::Missing, |product| {
        VersionedUpdate::Stale(product.version)
    }))
}

/// How many of a product's keys are where; `None` where there is no such product.
///
/// # Errors
/// The database's.
pub async fn product_stock(database: impl PgExecutor<'_>, id: ProductId) -> Result<Option<Stock>, StoreError> {
    let row: Option<(i64, i64, i64, i64, i64, bool)> = sqlx::query_as(include_str!("sql/product_stock.sql"))
        .bind(id.0)
        .bind(STOCK_KEYS_MAX)
        .fetch_optional(database)
        .await?;
    Ok(row.map(|(pending, available, held, sold, voided, is_complete)| Stock {
        pending,
        available,
        held,
        sold,
        voided,
        is_complete,
    }))
}

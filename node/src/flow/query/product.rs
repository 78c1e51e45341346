//! Products and their stock.

use sqlx::PgPool;

use super::Page;
use crate::domain::id::ProductId;
use crate::domain::product::{ListedProduct, Product, Stock};
use crate::flow::FlowError;
use crate::store::StoreError;
use crate::store::product::{product_find, product_get, product_list, product_stock};

/// The product of that id.
///
/// # Errors
/// `Missing` where there is none.
pub async fn get_product(pool: &PgPool, id: ProductId) -> Result<Product, FlowError> {
    let found = product_get(pool, id).await?;
    found.ok_or_else(|| FlowError::missing("product", &id))
}

/// The product that a person names: by its id, or else by its name.
///
/// # Errors
/// `Missing` where there is none.
pub async fn find_product(pool: &PgPool, id_or_name: &str) -> Result<Product, FlowError> {
    let by_id = match id_or_name.parse() {
        Ok(id) => product_get(pool, id).await?,
        Err(_) => None,
    };
    let found = match by_id {
        None => product_find(pool, id_or_name.trim()).await?,
        found => found,
    };
    found.ok_or_else(|| FlowError::missing("product", id_or_name))
}

/// Products, of one category or of all, oldest first.
///
/// # Errors
/// The database's.
pub async fn list_products(
    pool: &PgPool,
    category: Option<&str>,
    after: Option<ProductId>,
    limit: u32,
) -> Result<Page<ListedProduct>, StoreError> {
    let rows = product_list(pool, category.map(str::trim), after, limit + 1).await?;
    Ok(Page::cut(rows, limit))
}

/// How many of a product's keys are in which state.
///
/// # Errors
/// `Missing` where there is no such product.
pub async fn count_stock(pool: &PgPool, product: ProductId) -> Result<Stock, FlowError> {
    let found = product_stock(pool, product).await?;
    found.ok_or_else(|| FlowError::missing("product", &product))
}

//! Tells once that a stock fell to its level.

use sqlx::PgConnection;

use crate::domain::message::Fact;
use crate::domain::pool::{LowStock, is_low};
use crate::store::StoreError;
use crate::store::outbox::outbox_insert;
use crate::store::pool::{PoolStock, pool_stock};

/// Writes that the stock of a locked pool is low, unless it was so before the caller's change, as `was_low` says.
///
/// # Errors
/// The database's.
pub(super) async fn tell_low_stock(
    connection: &mut PgConnection,
    pool: i32,
    was_low: impl FnOnce(&PoolStock) -> bool + Send,
) -> Result<(), StoreError> {
    let stock = pool_stock(&mut *connection, pool).await?;
    match stock.level {
        Some(level) if is_low(stock.available, Some(level)) && !was_low(&stock) => {
            let low = LowStock {
                product: stock.product,
                name: stock.name,
                available: stock.available,
                level,
            };
            outbox_insert(connection, &Fact::StockLow(&low)).await
        }
        _ => Ok(()),
    }
}

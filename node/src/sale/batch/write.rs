//! Writes what a batch decided.

use shelfproof_anchor::store::events::event_append;
use sqlx::{Postgres, Transaction};

use super::error::BatchError;
use crate::domain::message::Fact;
use crate::domain::pool::LowStock;
use crate::sale::rows::BatchRows;
use crate::store::coupon::coupon_use_insert;
use crate::store::outbox::outbox_insert;
use crate::store::purchase::purchase_insert;
use crate::store::sale_write::{is_placed, sale_write};
use crate::store::settle_write::settle_write;

/// Writes a batch's rows and events, and whose stock fell to its level. Returns the transaction's name and the batch's
/// number.
///
/// # Errors
/// [`BatchError::Placed`] if another transaction placed one of the orders in the meantime; otherwise if the database
/// fails, or one of the keys has an event already that the batch did not see.
pub(super) async fn write(
    transaction: &mut Transaction<'_, Postgres>,
    rows: BatchRows,
    low_stock: &[LowStock],
) -> Result<(String, i64), BatchError> {
    let BatchRows {
        writes,
        settled,
        events,
        purchases,
        coupon_uses,
        ..
    } = rows;
    let at_ms = writes.at_ms;
    let named = sale_write(transaction, writes).await.map_err(|error| {
        if is_placed(&error) {
            BatchError::Placed
        } else {
            error.into()
        }
    })?;
    settle_write(transaction, &settled, named.1, at_ms).await?;
    if !purchases.is_empty() {
        purchase_insert(transaction, &purchases).await?;
    }
    if !coupon_uses.is_empty() {
        coupon_use_insert(transaction, &coupon_uses).await?;
    }
    if !events.is_empty() {
        event_append(transaction, &events).await?;
    }
    for low in low_stock {
        outbox_insert(transaction, &Fact::StockLow(low)).await?;
    }
    Ok(named)
}

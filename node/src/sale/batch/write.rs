//! Writes what a batch decided.

use shelfproof_anchor::store::events::event_append;
use sqlx::{Postgres, Transaction};

use super::error::BatchError;
use crate::domain::delivery::OrderOutcome;
use crate::domain::message::Fact;
use crate::domain::pool::LowStock;
use crate::sale::rows::BatchRows;
use crate::store::coupon::coupon_use_insert;
use crate::store::outbox::outbox_insert;
use crate::store::purchase::purchase_insert;
use crate::store::sale_write::{is_placed, sale_write};

/// Writes a batch's rows and events, and whose stock fell to its level. Returns the transaction's name and the batch's number, and the answers to the new
/// orders.
///
/// # Errors
/// [`BatchError::Placed`] if another transaction placed one of the orders in the meantime; otherwise if the database
/// fails, or one of the keys has an event already that the batch did not see.
pub(super) async fn write(
    transaction: &mut Transaction<'_, Postgres>,
    rows: BatchRows,
    low_stock: &[LowStock],
) -> Result<((String, i64), Vec<OrderOutcome>), BatchError> {
    let BatchRows {
        writes,
        events,
        outcomes,
        purchases,
        coupon_uses,
        ..
    } = rows;
    let named = sale_write(transaction, writes).await.map_err(|error| {
        if is_placed(&error) {
            BatchError::Placed
        } else {
            error.into()
        }
    })?;
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
    Ok((named, outcomes))
}

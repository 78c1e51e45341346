//! Gives an unpaid order up: what was held for it is for sale again.

use sqlx::PgPool;

use super::{FlowError, StoreError};
use crate::domain::id::OrderId;
use crate::domain::order::{OrderStatus, TransitionError};
use crate::store::hold::hold_release;
use crate::store::key::Advanced;
use crate::store::order::{order_lock, order_update};

/// Why an order was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Transition(#[from] TransitionError),
}

impl From<StoreError> for CancelError {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// Cancels the order. A repeat changes nothing. A payment that arrives later is taken all the same.
///
/// # Errors
/// `Missing` where there is no such order, `Status` where it was paid, refused, or has expired.
pub async fn cancel_order(pool: &PgPool, order: OrderId) -> Result<(), CancelError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    let found = order_lock(&mut transaction, order).await?;
    let found = found.ok_or_else(|| FlowError::missing("order", &order))?;
    if found.status == OrderStatus::Cancelled {
        return Ok(());
    }
    let cancelled = found.cancel()?;
    hold_release(&mut transaction, &[order]).await?;
    if order_update(&mut transaction, &cancelled).await? == Advanced::Stale {
        let (noun, version) = ("order", cancelled.version.cast_signed());
        return Err(FlowError::Stale { noun, version }.into());
    }
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(())
}

//! Ends the orders that were not paid in time: what was held for them is for sale again.

use sqlx::PgPool;

use super::{FlowError, StoreError};
use crate::domain::order::TransitionError;
use crate::store::hold::{hold_release, hold_try_lock};
use crate::store::order::order_due;
use crate::store::settle_write::orders_move;

/// Orders that one transaction ends: it holds the locks of their products' pools.
const CHUNK: i64 = 50;

/// Orders that one run leaves to the next: their product's pool is locked by somebody else, or their row is damaged.
const LEFT_MAX: usize = 10_000;

/// What was ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    pub orders: u64,
    /// Keys that are for sale again.
    pub keys: u64,
}

/// Why orders were not ended. What was ended before stays so.
#[derive(Debug, thiserror::Error)]
pub enum ExpireError {
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Transition(#[from] TransitionError),
}

impl From<StoreError> for ExpireError {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// Ends all orders whose time is over at `now_ms`, Unix milliseconds, but for those that are being paid at this moment, or
/// whose product's pool somebody else has locked. A crash leaves those of whole transactions ended, and the next run ends
/// the others.
///
/// # Errors
/// The database's.
pub async fn expire_orders(pool: &PgPool, now_ms: u64) -> Result<Expired, ExpireError> {
    let mut expired = Expired::default();
    let mut left = Vec::new();
    while left.len() < LEFT_MAX {
        let mut transaction = pool.begin().await.map_err(StoreError::from)?;
        let mut due = Vec::new();
        let rows = order_due(&mut transaction, now_ms, CHUNK, &left).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            match row {
                Ok(order) => due.push(order),
                Err((order, error)) => {
                    tracing::error!(%order, %error, "a damaged order cannot expire");
                    left.push(order);
                }
            }
        }
        let ids: Vec<_> = due.iter().map(|order| order.id).collect();
        let locked = hold_try_lock(&mut transaction, &ids).await?;
        due.retain(|order| !locked.contains(&order.id));
        left.extend(locked);
        let ids: Vec<_> = due.iter().map(|order| order.id).collect();
        let ended: Result<Vec<_>, _> = due
            .into_iter()
            .map(|order| Ok((order.expire(now_ms)?, Vec::new())))
            .collect();
        let keys = hold_release(&mut transaction, &ids).await?;
        orders_move(&mut transaction, &ended.map_err(ExpireError::Transition)?, 0).await?;
        transaction.commit().await.map_err(StoreError::from)?;
        expired.orders += ids.len() as u64;
        expired.keys += keys.unsigned_abs();
    }
    Ok(expired)
}

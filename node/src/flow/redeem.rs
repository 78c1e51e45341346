//! The holder of a key says that it was used. Once: a repeat is told of the first time.

use alloy_primitives::B256;
use serde::Serialize;
use shelfproof_anchor::store::events::event_of_keys;
use shelfproof_verifier::buyer;
use shelfproof_verifier::event::{KeyEvent, Kind};
use sqlx::PgPool;

use super::step::{StepError, step};
use crate::domain::id::OrderId;
use crate::store::StoreError;
use crate::store::order::{order_items, order_lock};

/// Why a key was not redeemed.
#[derive(Debug, thiserror::Error)]
pub enum RedeemError {
    /// There is no such order, or no such item in it.
    #[error("the order has no such item")]
    Missing,
    /// The secret is not the one that the sale commits to.
    #[error("the buyer's secret is not the one that this sale was made with")]
    NotYourSale,
    /// The step failed, or is not allowed.
    #[error(transparent)]
    Step(#[from] StepError),
}

impl From<StoreError> for RedeemError {
    fn from(error: StoreError) -> Self {
        Self::Step(error.into())
    }
}

/// What a redemption's event opens to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    order: OrderId,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer_secret: Option<B256>,
}

/// Redeems the order's `item`, counted from 1, and answers its event.
///
/// # Errors
/// Where there is none, where it was refunded or is in dispute, or where the secret is another buyer's.
pub async fn redeem_item(
    pool: &PgPool,
    order: OrderId,
    item: usize,
    buyer_secret: Option<B256>,
    now_ms: u64,
) -> Result<KeyEvent, RedeemError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    // Locked, so that a refund of the same item comes before or after.
    let found = order_lock(&mut transaction, order).await?.ok_or(RedeemError::Missing)?;
    let items = order_items(&mut *transaction, order).await?;
    let sold = item
        .checked_sub(1)
        .and_then(|at| items.get(at))
        .ok_or(RedeemError::Missing)?;
    if buyer_secret.is_some_and(|secret| found.buyer != Some(buyer::commitment(&secret))) {
        return Err(RedeemError::NotYourSale);
    }
    if sold.head.state == Kind::Redeemed {
        let events = event_of_keys(&mut transaction, &[sold.head.key_no])
            .await
            .map_err(StepError::from)?;
        return events.last().map(|last| last.event).ok_or(RedeemError::Missing);
    }
    let body = Body { order, buyer_secret };
    let event = step(&mut transaction, &sold.head, Kind::Redeemed, &body, now_ms).await?;
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(event)
}

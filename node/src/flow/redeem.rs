//! The holder of a key says that it was used. Once: a repeat is answered with the first redemption, whatever happened to
//! the key since.

use alloy_primitives::B256;
use shelfproof_anchor::store::events::event_of_keys;
use shelfproof_verifier::buyer;
use shelfproof_verifier::event::{KeyEvent, Kind};
use shelfproof_verifier::vocabulary::body::Redeemed;
use sqlx::PgPool;

use super::step::{StepError, step};
use crate::domain::id::OrderId;
use crate::store::StoreError;
use crate::store::item::item_head;
use crate::store::order::order_lock;

/// Why a key was not redeemed.
#[derive(Debug, thiserror::Error)]
pub enum RedeemError {
    #[error("the order has no such item")]
    Missing,
    #[error("the buyer's secret is not the one that this sale was made with")]
    NotYourSale,
    #[error(transparent)]
    Step(#[from] StepError),
}

impl From<StoreError> for RedeemError {
    fn from(error: StoreError) -> Self {
        Self::Step(error.into())
    }
}

/// Redeems item number `item` of the order, and returns its event; of one that was redeemed before, the first event.
///
/// # Errors
/// Where there is no such item, where it is refunded or in dispute and was never redeemed, or where the secret is another
/// buyer's.
pub async fn redeem_item(
    pool: &PgPool,
    order: OrderId,
    item: u32,
    buyer_secret: Option<B256>,
    now_ms: u64,
) -> Result<KeyEvent, RedeemError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    // Locked, so that a refund of the same item comes before or after.
    let found = order_lock(&mut transaction, order).await?.ok_or(RedeemError::Missing)?;
    let head = item_head(&mut *transaction, order, item).await?;
    let head = head.ok_or(RedeemError::Missing)?;
    if buyer_secret.is_some_and(|secret| found.buyer != Some(buyer::commitment(&secret))) {
        return Err(RedeemError::NotYourSale);
    }
    let events = event_of_keys(&mut transaction, &[head.key_no])
        .await
        .map_err(StepError::from)?;
    if let Some(first) = events.iter().find(|stored| stored.event.kind == Kind::Redeemed) {
        return Ok(first.event);
    }
    let body = Redeemed {
        order: Some(order.to_string().into()),
        buyer_secret,
    };
    let event = step(&mut transaction, &head, &body, now_ms).await?;
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(event)
}

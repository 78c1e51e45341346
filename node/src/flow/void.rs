//! Withdraws a key that was not sold, for good.

use alloy_primitives::B256;
use shelfproof_anchor::store::events::event_of_keys;
use shelfproof_base::table;
use shelfproof_verifier::event::{KeyEvent, Kind};
use shelfproof_verifier::vocabulary::body::Voided;
use sqlx::PgPool;

use super::low_stock::tell_low_stock;
use super::step::{StepError, step};
use crate::domain::hold::Hold;
use crate::domain::key::Key;
use crate::domain::pool::is_low;
use crate::store::StoreError;
use crate::store::hold::hold_find_slot;
use crate::store::key::key_find;
use crate::store::pool::{pool_hole, pool_lock};

#[derive(Debug, thiserror::Error)]
pub enum VoidError {
    #[error("the shop has no such key")]
    Missing,
    /// Until the hold ends, only its owner can release the key.
    #[error("the key is held by {} until {} UTC", .0.owner, table::time(.0.expires_at_ms))]
    Held(Hold),
    #[error(transparent)]
    Step(#[from] StepError),
}

impl From<StoreError> for VoidError {
    fn from(error: StoreError) -> Self {
        Self::Step(error.into())
    }
}

/// Voids a key, and returns the event. A repeat returns the first one's event.
///
/// # Errors
/// Where the key does not exist, is held, or was sold.
pub async fn void_key(pool: &PgPool, key_id: &B256, reason: &str, now_ms: u64) -> Result<KeyEvent, VoidError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    let seen = key_find(&mut *transaction, key_id).await?.ok_or(VoidError::Missing)?;
    // While the pool is locked no sale takes the key; a sale that took it before shows when the key is read again.
    if let Some(place) = seen.place {
        pool_lock(&mut transaction, place.pool).await?;
    }
    let Key { head, place, .. } = key_find(&mut *transaction, key_id).await?.ok_or(VoidError::Missing)?;
    if head.state == Kind::Voided {
        let events = event_of_keys(&mut transaction, &[head.key_no])
            .await
            .map_err(StepError::from)?;
        return events.last().map(|last| last.event).ok_or(VoidError::Missing);
    }
    if place != seen.place {
        return Err(StepError::Stale.into());
    }
    if let Some(place) = place
        && let Some(hold) = hold_find_slot(&mut *transaction, place).await?
    {
        return Err(VoidError::Held(hold));
    }
    let body = Voided {
        reason: Some(reason.into()),
    };
    let event = step(&mut transaction, &head, &body, now_ms).await?;
    if let Some(place) = place {
        pool_hole(&mut transaction, place.pool).await?;
        // The key was one of those that could be sold.
        tell_low_stock(&mut transaction, place.pool, |now| is_low(now.available + 1, now.level)).await?;
    }
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(event)
}

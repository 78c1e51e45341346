//! A key that was not sold is withdrawn for good. A repeat is told of the first time.

use alloy_primitives::B256;
use serde::Serialize;
use shelfproof_anchor::store::events::event_of_keys;
use shelfproof_verifier::event::{KeyEvent, Kind};
use sqlx::PgPool;

use super::step::{StepError, step};
use crate::domain::key::Key;
use crate::store::StoreError;
use crate::store::key::{key_find, pool_hole, pool_lock};

/// Why a key was not voided.
#[derive(Debug, thiserror::Error)]
pub enum VoidError {
    /// There is no such key.
    #[error("the shop has no such key")]
    Missing,
    /// The step failed, or is not allowed.
    #[error(transparent)]
    Step(#[from] StepError),
}

impl From<StoreError> for VoidError {
    fn from(error: StoreError) -> Self {
        Self::Step(error.into())
    }
}

/// What the event opens to.
#[derive(Serialize)]
struct Body<'a> {
    reason: &'a str,
}

/// Voids the key of that id, and answers its event.
///
/// # Errors
/// Where there is none, or where it was sold.
pub async fn void_key(pool: &PgPool, key_id: &B256, reason: &str, now_ms: u64) -> Result<KeyEvent, VoidError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    let seen = key_find(&mut *transaction, key_id).await?.ok_or(VoidError::Missing)?;
    // Under the pool's lock no sale takes the key; one that had it before shows when the key is read again.
    if let Some(pool) = seen.pool {
        pool_lock(&mut transaction, pool).await?;
    }
    let Key { head, pool, .. } = key_find(&mut *transaction, key_id).await?.ok_or(VoidError::Missing)?;
    if head.state == Kind::Voided {
        let events = event_of_keys(&mut transaction, &[head.key_no])
            .await
            .map_err(StepError::from)?;
        return events.last().map(|last| last.event).ok_or(VoidError::Missing);
    }
    if pool != seen.pool {
        return Err(StepError::Stale.into());
    }
    let event = step(&mut transaction, &head, Kind::Voided, &Body { reason }, now_ms).await?;
    if let Some(pool) = pool {
        pool_hole(&mut transaction, pool).await?;
    }
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(event)
}

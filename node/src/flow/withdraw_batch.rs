//! Withdraws a batch that was wrong, before it is on sale.
//!
//! No event is written: a key that was only generated has been promised to nobody, and an event that voids it would
//! end its history for good. The batch's keys that were not activated never will be, until the same code comes in
//! with another batch: the key then has that batch, its goods and its product, and its next event, the activation,
//! names them. Keys that are on sale already were promised, and stay: each of them is voided by itself.

use sqlx::PgPool;

use crate::domain::id::BatchId;
use crate::store::StoreError;
use crate::store::batch::{batch_count_generated, batch_lock_to_activate, batch_withdraw};

/// What a withdrawal left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// Keys that were withdrawn with the batch and did not come in again since.
    pub keys: u64,
    /// Keys that had been activated before, and stay as they are.
    pub activated: u64,
    /// Whether the batch was withdrawn before, so that this call changed nothing.
    pub was_withdrawn: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    #[error("there is no batch {0}")]
    Missing(BatchId),
    /// Nothing of it waits for its activation.
    #[error("every key of batch {0} was put on sale, so that nothing is left to withdraw; void its keys one by one")]
    AllActivated(BatchId),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Withdraws what was not activated of a batch, also while its import goes on, which then ends. A repeat changes
/// nothing.
///
/// # Errors
/// Where there is no such batch, or all of it was activated.
pub async fn withdraw_batch(pool: &PgPool, batch: BatchId, now_ms: u64) -> Result<Withdrawn, WithdrawError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    // An import or an activation of the batch has this lock for each of its chunks.
    let row = batch_lock_to_activate(&mut transaction, batch).await?;
    let row = row.ok_or(WithdrawError::Missing(batch))?;
    if !row.is_withdrawn && row.is_complete && row.imported > 0 && row.activated == row.imported {
        return Err(WithdrawError::AllActivated(batch));
    }
    let keys = batch_count_generated(&mut *transaction, batch).await?;
    batch_withdraw(&mut transaction, batch, now_ms).await?;
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(Withdrawn {
        keys,
        activated: row.activated,
        was_withdrawn: row.is_withdrawn,
    })
}

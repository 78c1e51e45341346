//! All data keys come under the newest master key, so that the older ones can go. The goods stay encrypted as they are.

use sqlx::PgPool;

use crate::store::StoreError;
use crate::store::batch_key::{batch_key_count, batch_key_lock, batch_key_update};
use crate::vault::{Vault, VaultError};

/// Batches in one transaction at most: an import that waits for one of them waits some milliseconds.
const STEP_BATCHES: i64 = 500;

/// Why the data keys were not all wrapped anew. Those of whole steps are; a repeat goes on after them.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Wraps every data key that an older master key wraps by the newest one of `vault`, and answers how many there were.
/// `on_step` is told of each step's number. Killed, it leaves whole steps; begun again, or run twice at once, it does
/// the rest.
///
/// # Errors
/// Where the database fails, or a data key does not open.
pub async fn rotate_master(pool: &PgPool, vault: &Vault, mut on_step: impl FnMut(u64)) -> Result<u64, RotateError> {
    let mut all = 0;
    // Not until a step finds nothing: one that waited for another's locks finds nothing while there is more.
    while batch_key_count(pool, vault.master_generation()).await? > 0 {
        let step = rotate_step(pool, vault).await?;
        all += step;
        on_step(step);
    }
    Ok(all)
}

async fn rotate_step(pool: &PgPool, vault: &Vault) -> Result<u64, RotateError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    let keys = batch_key_lock(&mut transaction, vault.master_generation(), STEP_BATCHES).await?;
    let (mut batches, mut wrapped) = (Vec::new(), Vec::new());
    for (batch, old) in &keys {
        batches.push(batch.0);
        wrapped.push(vault.data_key_rewrap(*batch, old)?.wrapped);
    }
    batch_key_update(&mut transaction, &batches, &wrapped, vault.master_generation()).await?;
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(keys.len() as u64)
}

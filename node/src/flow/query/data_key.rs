//! Which master keys wrap the batches' data keys.

use sqlx::PgPool;

use crate::store::StoreError;
use crate::store::batch_key::{batch_key_count, batch_key_masters};

/// How many data keys a master key of an older generation than `master_generation` wraps.
///
/// # Errors
/// The database's.
pub async fn count_old_data_keys(pool: &PgPool, master_generation: i32) -> Result<u64, StoreError> {
    batch_key_count(pool, master_generation).await
}

/// The generations of master keys that wrap a data key, in order.
///
/// # Errors
/// The database's.
pub async fn list_masters_in_use(pool: &PgPool) -> Result<Vec<i32>, StoreError> {
    batch_key_masters(pool).await
}

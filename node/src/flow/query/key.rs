//! Keys by their ids.

use alloy_primitives::B256;
use sqlx::PgPool;

use crate::domain::key::Key;
use crate::flow::FlowError;
use crate::store::key::key_find;

/// The key of that id.
///
/// # Errors
/// `Missing` where there is none.
pub async fn get_key(pool: &PgPool, key_id: &B256) -> Result<Key, FlowError> {
    let found = key_find(pool, key_id).await?;
    found.ok_or_else(|| FlowError::missing("key", key_id))
}

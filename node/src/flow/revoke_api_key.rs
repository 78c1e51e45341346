//! Takes an API key's power away.

use sqlx::PgPool;

use super::{FlowError, stored_ms};
use crate::domain::id::ApiKeyId;
use crate::store::api_key::api_key_revoke;

/// Revokes a key, and says since when it is revoked, Unix milliseconds; a key stays revoked. Servers that know it from
/// a cache take it until that has run out.
///
/// # Errors
/// `Missing` where there is no such key.
pub async fn revoke_api_key(pool: &PgPool, id: ApiKeyId, now_ms: u64) -> Result<i64, FlowError> {
    api_key_revoke(pool, id, stored_ms(now_ms))
        .await?
        .ok_or_else(|| FlowError::Missing {
            noun: "API key",
            name: id.to_string(),
        })
}

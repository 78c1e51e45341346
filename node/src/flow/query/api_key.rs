//! API keys.

use sqlx::PgPool;

use super::Page;
use crate::domain::api_key::{KnownKey, ListedKey};
use crate::domain::id::ApiKeyId;
use crate::store::StoreError;
use crate::store::api_key::{api_key_find, api_key_list};

/// What a token of that id is checked against; `None` where there is no such key or it was revoked.
///
/// # Errors
/// The database's.
pub async fn find_api_key(pool: &PgPool, id: ApiKeyId) -> Result<Option<KnownKey>, StoreError> {
    api_key_find(pool, id).await
}

/// API keys, oldest first, revoked ones too.
///
/// # Errors
/// The database's.
pub async fn list_api_keys(pool: &PgPool, after: Option<ApiKeyId>, limit: u32) -> Result<Page<ListedKey>, StoreError> {
    Ok(Page::cut(api_key_list(pool, after, limit + 1).await?, limit))
}

//! API keys: hashes of them, and whose they are.

use sqlx::{FromRow, PgExecutor};
use uuid::Uuid;

use super::{StoreError, account};
use crate::domain::api_key::{ApiKey, KnownKey, ListedKey};
use crate::domain::id::{AccountId, ApiKeyId};

#[derive(FromRow)]
struct ListedRow {
    id: Uuid,
    account: String,
    role: String,
    created_at_ms: i64,
    revoked_at_ms: Option<i64>,
}

/// Writes the key's hash.
///
/// # Errors
/// The database's; constraint `api_keys_account_id_fkey` where there is no such account.
pub async fn api_key_insert(
    database: impl PgExecutor<'_>,
    key: &ApiKey,
    account: AccountId,
    created_at_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/api_key_insert.sql"))
        .bind(key.id().0)
        .bind(account.0)
        .bind(key.hash().as_slice())
        .bind(created_at_ms)
        .execute(database)
        .await?;
    Ok(())
}

/// What a token of that id is checked against; `None` where there is none or it was revoked.
///
/// # Errors
/// The database's.
pub async fn api_key_find(database: impl PgExecutor<'_>, id: ApiKeyId) -> Result<Option<KnownKey>, StoreError> {
    let row: Option<([u8; 32], Uuid, String)> = sqlx::query_as(include_str!("sql/api_key_find.sql"))
        .bind(id.0)
        .fetch_optional(database)
        .await?;
    row.map(|(hash, owner, role)| {
        Ok(KnownKey {
            hash,
            role: account::role(&role, owner)?,
            account: AccountId(owner),
        })
    })
    .transpose()
}

/// At most `limit` keys after that one, by id: oldest first, revoked ones too.
///
/// # Errors
/// The database's.
pub async fn api_key_list(
    database: impl PgExecutor<'_>,
    after: Option<ApiKeyId>,
    limit: u32,
) -> Result<Vec<ListedKey>, StoreError> {
    let rows: Vec<ListedRow> = sqlx::query_as(include_str!("sql/api_key_list.sql"))
        .bind(after.map(|id| id.0))
        .bind(i64::from(limit))
        .fetch_all(database)
        .await?;
    let listed = rows.into_iter().map(|row| {
        Ok(ListedKey {
            role: account::role(&row.role, row.id)?,
            id: ApiKeyId(row.id),
            account: row.account,
            created_at_ms: row.created_at_ms,
            revoked_at_ms: row.revoked_at_ms,
        })
    });
    listed.collect()
}

/// Revokes a key, and says since when it is revoked: the first time counts. `None` where there is none.
///
/// # Errors
/// The database's.
pub async fn api_key_revoke(
    database: impl PgExecutor<'_>,
    id: ApiKeyId,
    now_ms: i64,
) -> Result<Option<i64>, StoreError> {
    Ok(sqlx::query_scalar(include_str!("sql/api_key_revoke.sql"))
        .bind(id.0)
        .bind(now_ms)
        .fetch_optional(database)
        .await?)
}

//! Accounts.

use sqlx::{FromRow, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use crate::domain::account::{Account, Role};
use crate::domain::id::AccountId;

#[derive(FromRow)]
struct AccountRow {
    id: Uuid,
    role: String,
    name: String,
    created_at_ms: i64,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        Ok(Self {
            role: role(&row.role, row.id)?,
            id: AccountId(row.id),
            name: row.name,
            created_at_ms: row.created_at_ms,
        })
    }
}

/// The role in that account's row.
pub(super) fn role(name: &str, account: Uuid) -> Result<Role, StoreError> {
    Role::from_name(name).ok_or_else(|| StoreError::Inconsistent {
        table: "shop.accounts",
        column: "role",
        row: account.to_string(),
    })
}

/// Writes an account, unless its name is taken: then nothing is done.
///
/// # Errors
/// The database's.
pub async fn account_insert(database: impl PgExecutor<'_>, account: &Account) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/account_insert.sql"))
        .bind(account.id.0)
        .bind(account.role.name())
        .bind(&account.name)
        .bind(account.created_at_ms)
        .execute(database)
        .await?;
    Ok(())
}

/// The account of that id.
///
/// # Errors
/// The database's.
pub async fn account_get(database: impl PgExecutor<'_>, id: AccountId) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> = sqlx::query_as(include_str!("sql/account_get.sql"))
        .bind(id.0)
        .fetch_optional(database)
        .await?;
    row.map(Account::try_from).transpose()
}

/// The account of that name.
///
/// # Errors
/// The database's.
pub async fn account_find(database: impl PgExecutor<'_>, name: &str) -> Result<Option<Account>, StoreError> {
    let row: Option<AccountRow> = sqlx::query_as(include_str!("sql/account_find.sql"))
        .bind(name)
        .fetch_optional(database)
        .await?;
    row.map(Account::try_from).transpose()
}

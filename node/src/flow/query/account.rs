//! Accounts.

use sqlx::PgPool;

use crate::domain::account::Account;
use crate::flow::FlowError;
use crate::store::account::account_find;

/// The account of that name.
///
/// # Errors
/// `Missing` where there is none.
pub async fn find_account(pool: &PgPool, name: &str) -> Result<Account, FlowError> {
    let name = name.trim();
    let found = account_find(pool, name).await?;
    found.ok_or_else(|| FlowError::missing("account", name))
}

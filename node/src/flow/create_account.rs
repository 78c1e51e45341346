//! Makes an account, once.

use sqlx::PgPool;

use super::{FlowError, stored_ms};
use crate::domain::account::{Account, MAX_NAME, Role};
use crate::domain::id::AccountId;
use crate::domain::name;
use crate::store::account::{account_find, account_insert};

/// The account of that name and role: it is made under `id`, unless it is there.
///
/// # Errors
/// `Invalid` for a name that is none, `Reused` where the account of that name has the other role.
pub async fn create_account(
    pool: &PgPool,
    id: AccountId,
    name: &str,
    role: Role,
    now_ms: u64,
) -> Result<Account, FlowError> {
    let account = Account {
        id,
        role,
        name: name::parse(name, MAX_NAME).map_err(FlowError::not_name("account"))?,
        created_at_ms: stored_ms(now_ms),
    };
    // One row and no transaction: of two at once, the second finds the first one's.
    account_insert(pool, &account).await?;
    let found = account_find(pool, &account.name)
        .await?
        .ok_or_else(|| FlowError::Missing {
            noun: "account",
            name: account.name.clone(),
        })?;
    if found.role != role {
        return Err(FlowError::Reused {
            field: "role",
            name: found.name,
            detail: format!("that account's role is {}; a role never changes", found.role.name()),
        });
    }
    Ok(found)
}

//! Prepaid credit, and what moved it.

use sqlx::PgPool;

use crate::domain::id::AccountId;
use crate::domain::wallet::{CreditWallet, Movement};
use crate::store::StoreError;
use crate::store::transfer::movement_list;
use crate::store::wallet::wallet_list;

/// An account's credit in one currency, with the movements of a page.
#[derive(Clone, Debug)]
pub struct Statement {
    pub credit: CreditWallet,
    /// What moved it, newest first.
    pub movements: Vec<Movement>,
}

/// An account's credit, one entry a currency.
///
/// # Errors
/// The database's.
pub async fn list_credit(pool: &PgPool, account: AccountId) -> Result<Vec<CreditWallet>, StoreError> {
    wallet_list(pool, account).await
}

/// An account's credit, each with at most `limit` movements before the ledger's row `before`.
///
/// # Errors
/// The database's.
pub async fn list_statements(
    pool: &PgPool,
    account: AccountId,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Statement>, StoreError> {
    let mut statements = Vec::new();
    for credit in wallet_list(pool, account).await? {
        let movements = movement_list(pool, &credit, before, limit).await?;
        statements.push(Statement { credit, movements });
    }
    Ok(statements)
}

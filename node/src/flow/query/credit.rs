//! Prepaid credit, and what moved it.

use sqlx::PgPool;

use crate::domain::id::AccountId;
use crate::domain::wallet::{Credit, Movement};
use crate::store::StoreError;
use crate::store::wallet::{ledger_list, wallet_list};

/// An account's credit in one currency, with the movements of a page.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The credit.
    pub credit: Credit,
    /// What moved it, newest first.
    pub movements: Vec<Movement>,
}

/// An account's credit, one entry a currency.
///
/// # Errors
/// The database's.
pub async fn list_credit(pool: &PgPool, account: AccountId) -> Result<Vec<Credit>, StoreError> {
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
        let movements = ledger_list(pool, credit.wallet, before, limit).await?;
        statements.push(Statement { credit, movements });
    }
    Ok(statements)
}

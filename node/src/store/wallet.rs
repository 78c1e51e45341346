//! Wallets, and the ledger of what moved between them.

use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::{StoreError, column};
use crate::domain::id::{AccountId, OrderId, ProductId};
use crate::domain::money::Currency;
use crate::domain::wallet::{Credit, Movement, TopUp};

/// The two wallets of a top-up, locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopUpWallets {
    /// The currency's `outside` wallet.
    pub outside: i64,
    /// The account's credit in that currency.
    pub credit: i64,
}

/// Gives a product the wallet that its sales fill.
///
/// # Errors
/// The database's.
pub async fn wallet_open_revenue(
    connection: &mut PgConnection,
    product: ProductId,
    currency: Currency,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/wallet_open_revenue.sql"))
        .bind(product.0)
        .bind(currency.code())
        .execute(connection)
        .await?;
    Ok(())
}

/// Locks the wallets that a top-up moves between, in id order; those that are not there yet are made.
///
/// # Errors
/// The database's; constraint `wallets_account_id_fkey` where there is no such account.
pub async fn wallet_lock_top_up(
    connection: &mut PgConnection,
    account: AccountId,
    currency: Currency,
) -> Result<TopUpWallets, StoreError> {
    sqlx::query(include_str!("sql/wallet_open_outside.sql"))
        .bind(currency.code())
        .execute(&mut *connection)
        .await?;
    sqlx::query(include_str!("sql/wallet_open_credit.sql"))
        .bind(account.0)
        .bind(currency.code())
        .execute(&mut *connection)
        .await?;
    let rows: Vec<(i64, bool)> = sqlx::query_as(include_str!("sql/wallet_lock_top_up.sql"))
        .bind(account.0)
        .bind(currency.code())
        .fetch_all(connection)
        .await?;
    let of_kind = |is_credit| rows.iter().find(|row| row.1 == is_credit).map(|row| row.0);
    match (of_kind(false), of_kind(true)) {
        (Some(outside), Some(credit)) => Ok(TopUpWallets { outside, credit }),
        _ => Err(StoreError::Inconsistent {
            table: "shop.wallets",
            column: "kind",
            row: format!("{account} {}", currency.code()),
        }),
    }
}

/// Moves an amount between two wallets that this transaction has locked. The ledger's row is written apart.
///
/// # Errors
/// The database's; constraint `wallets_credit_covered` where the credit does not cover it.
pub async fn wallet_move(
    connection: &mut PgConnection,
    from: i64,
    to: i64,
    amount_minor: i64,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/wallet_move.sql"))
        .bind(from)
        .bind(to)
        .bind(amount_minor)
        .execute(connection)
        .await?;
    Ok(())
}

/// An account's credit, one wallet a currency.
///
/// # Errors
/// The database's.
pub async fn wallet_list(database: impl PgExecutor<'_>, account: AccountId) -> Result<Vec<Credit>, StoreError> {
    let rows: Vec<(i64, i64, String)> = sqlx::query_as(include_str!("sql/wallet_list.sql"))
        .bind(account.0)
        .fetch_all(database)
        .await?;
    rows.into_iter()
        .map(|(wallet, minor, currency)| {
            Ok(Credit {
                wallet,
                balance: column::money(minor, &currency, "wallets", &wallet)?,
            })
        })
        .collect()
}

/// Writes a top-up's row; `false` where its reference was used before.
///
/// # Errors
/// The database's.
pub async fn ledger_insert_top_up(
    connection: &mut PgConnection,
    wallets: TopUpWallets,
    top_up: &TopUp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(include_str!("sql/ledger_insert_top_up.sql"))
        .bind(wallets.outside)
        .bind(wallets.credit)
        .bind(top_up.amount.minor)
        .bind(&top_up.reference)
        .bind(top_up.at_ms)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The top-up of that reference.
///
/// # Errors
/// The database's.
pub async fn ledger_find_top_up(database: impl PgExecutor<'_>, reference: &str) -> Result<Option<TopUp>, StoreError> {
    let row: Option<(Uuid, i64, String, String, i64)> = sqlx::query_as(include_str!("sql/ledger_find_top_up.sql"))
        .bind(reference)
        .fetch_optional(database)
        .await?;
    row.map(|(account, minor, currency, reference, at_ms)| {
        Ok(TopUp {
            account: AccountId(account),
            amount: column::money(minor, &currency, "wallets", &account)?,
            reference,
            at_ms,
        })
    })
    .transpose()
}

#[derive(FromRow)]
struct MovementRow {
    id: i64,
    at_ms: i64,
    kind: String,
    amount_minor: i64,
    currency: String,
    is_in: bool,
    order_id: Option<Uuid>,
    reference: Option<String>,
}

/// At most `limit` movements of a wallet before the ledger's row `before`, newest first.
///
/// # Errors
/// The database's.
pub async fn ledger_list(
    database: impl PgExecutor<'_>,
    wallet: i64,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Movement>, StoreError> {
    let rows: Vec<MovementRow> = sqlx::query_as(include_str!("sql/ledger_list.sql"))
        .bind(wallet)
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(database)
        .await?;
    let movements = rows.into_iter().map(|row| {
        Ok(Movement {
            amount: column::money(row.amount_minor, &row.currency, "wallets", &wallet)?,
            id: row.id,
            at_ms: row.at_ms,
            kind: row.kind,
            is_in: row.is_in,
            order: row.order_id.map(OrderId),
            reference: row.reference,
        })
    });
    movements.collect()
}

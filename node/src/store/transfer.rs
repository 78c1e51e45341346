//! Transfers: what moved between wallets, and because of what.

use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::{StoreError, column};
use crate::domain::id::{AccountId, OrderId};
use crate::domain::money::Money;
use crate::domain::wallet::{CreditWallet, Movement, TopUp, Transfer};

/// Moves money between two wallets that this transaction has locked; `false`, and nothing is moved, where the transfer's
/// cause moved it before.
///
/// # Errors
/// The database's; constraint `entries_credit_covered` where the credit does not cover it.
pub async fn transfer_insert(connection: &mut PgConnection, transfer: &Transfer<'_>) -> Result<bool, StoreError> {
    let done = sqlx::query(include_str!("sql/transfer_insert.sql"))
        .bind(transfer.cause.kind())
        .bind(transfer.cause.text())
        .bind(transfer.from)
        .bind(transfer.to)
        .bind(transfer.amount_minor)
        .bind(transfer.at_ms)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

/// The top-up of that reference.
///
/// # Errors
/// The database's.
pub async fn transfer_find_top_up(database: impl PgExecutor<'_>, reference: &str) -> Result<Option<TopUp>, StoreError> {
    let row: Option<(Uuid, i64, String, String, i64)> = sqlx::query_as(include_str!("sql/transfer_find_top_up.sql"))
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
    is_in: bool,
    order_id: Option<Uuid>,
    reference: Option<String>,
}

/// At most `limit` movements of an account's credit before the number `before`, newest first, and those that share the
/// last one's number.
///
/// # Errors
/// The database's.
pub async fn movement_list(
    database: impl PgExecutor<'_>,
    credit: &CreditWallet,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Movement>, StoreError> {
    let rows: Vec<MovementRow> = sqlx::query_as(include_str!("sql/movement_list.sql"))
        .bind(credit.wallet)
        .bind(credit.account.0)
        .bind(credit.balance.currency.code())
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(database)
        .await?;
    let movements = rows.into_iter().map(|row| Movement {
        amount: Money {
            minor: row.amount_minor,
            ..credit.balance
        },
        id: row.id,
        at_ms: row.at_ms,
        kind: row.kind,
        is_in: row.is_in,
        order: row.order_id.map(OrderId),
        reference: row.reference,
    });
    Ok(movements.collect())
}

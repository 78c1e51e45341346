//! Money back.

use sqlx::PgConnection;

use super::StoreError;
use super::column::inconsistent;
use crate::domain::id::{AccountId, OrderId, ProductId};
use crate::domain::money::Money;

/// The two wallets of a refund, locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundWallets {
    /// The product's revenue, which pays.
    pub revenue: i64,
    /// The reseller's credit, which gets.
    pub credit: i64,
}

/// Locks the wallets, credit before revenue, between which the price of a key goes back.
///
/// # Errors
/// Where the database fails, or one of the wallets is missing.
pub async fn refund_wallets(
    connection: &mut PgConnection,
    product: ProductId,
    account: AccountId,
    paid: Money,
) -> Result<RefundWallets, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(include_str!("sql/refund_wallets.sql"))
        .bind(product.0)
        .bind(account.0)
        .bind(paid.currency.code())
        .fetch_all(connection)
        .await?;
    let of = |kind: &str| {
        rows.iter()
            .find(|(_, of)| of == kind)
            .map(|(id, _)| *id)
            .ok_or_else(|| inconsistent("wallets", "kind", &account))
    };
    Ok(RefundWallets {
        revenue: of("revenue")?,
        credit: of("credit")?,
    })
}

/// What is paid back, and for what.
#[derive(Clone, Copy, Debug)]
pub struct Refund {
    /// Between which wallets.
    pub wallets: RefundWallets,
    /// How much, more than nothing.
    pub paid: Money,
    /// Whose order.
    pub order: OrderId,
    /// Which line of it.
    pub line: i16,
    /// Which key.
    pub key_no: i64,
    /// When, Unix milliseconds.
    pub at_ms: u64,
}

/// Moves the money and writes the ledger's row. The ledger refuses a key's second refund.
///
/// # Errors
/// Where the database fails, or the key was paid back before.
pub async fn refund_book(connection: &mut PgConnection, refund: Refund) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/refund_book.sql"))
        .bind(refund.wallets.revenue)
        .bind(refund.wallets.credit)
        .bind(refund.paid.minor)
        .bind(refund.order.0)
        .bind(refund.line)
        .bind(refund.key_no)
        .bind(refund.at_ms.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

//! Wallets: opened, and locked in one order by everybody. Money is moved between them by
//! [`transfer_insert`](super::transfer::transfer_insert) and by the sale; balances are read from the view
//! `shop.balances`.

use sqlx::{PgConnection, PgExecutor};

use super::StoreError;
use super::column::{self, inconsistent};
use crate::domain::id::{AccountId, ProductId};
use crate::domain::money::Currency;
use crate::domain::order::Customer;
use crate::domain::wallet::CreditWallet;

/// The two wallets of a top-up, locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopUpWallets {
    /// The currency's `external` wallet.
    pub external: i64,
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
    sqlx::query(include_str!("sql/wallet_open_external.sql"))
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
        (Some(external), Some(credit)) => Ok(TopUpWallets { external, credit }),
        _ => Err(StoreError::Inconsistent {
            table: "shop.wallets",
            column: "kind",
            row: format!("{account} {}", currency.code()),
        }),
    }
}

/// An account's credit, one wallet a currency.
///
/// # Errors
/// The database's.
pub async fn wallet_list(database: impl PgExecutor<'_>, account: AccountId) -> Result<Vec<CreditWallet>, StoreError> {
    let rows: Vec<(i64, i64, String)> = sqlx::query_as(include_str!("sql/wallet_list.sql"))
        .bind(account.0)
        .fetch_all(database)
        .await?;
    rows.into_iter()
        .map(|(wallet, minor, currency)| {
            Ok(CreditWallet {
                wallet,
                account,
                balance: column::money(minor, &currency, "wallets", &wallet)?,
            })
        })
        .collect()
}

/// The two wallets of a refund, locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundWallets {
    /// The product's revenue, which pays.
    pub revenue: i64,
    /// The customer's credit, which is paid back; none where the customer has none in that currency, as no guest has.
    pub credit: Option<i64>,
}

/// Locks the wallets, credit before revenue, between which the price of an item goes back.
///
/// # Errors
/// Where the database fails, or the product's wallet is missing.
pub async fn wallet_lock_refund(
    connection: &mut PgConnection,
    product: ProductId,
    customer: &Customer,
    currency: Currency,
) -> Result<RefundWallets, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(include_str!("sql/wallet_lock_refund.sql"))
        .bind(product.0)
        .bind(customer.account().map(|account| account.0))
        .bind(currency.code())
        .fetch_all(connection)
        .await?;
    let of_kind = |kind: &str| rows.iter().find(|row| row.1 == kind).map(|row| row.0);
    let revenue = of_kind("revenue").ok_or_else(|| inconsistent("wallets", "kind", &product))?;
    let credit = of_kind("credit");
    Ok(RefundWallets { revenue, credit })
}

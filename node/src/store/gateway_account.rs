//! Merchants' accounts at payment gateways: each is bound to its protocol and currency when it is first used.

use sqlx::{PgConnection, PgExecutor};

use super::StoreError;
use super::column::{inconsistent, money};
use crate::domain::gateway_account::{GatewayAccount, ListedGateway};
use crate::domain::money::Currency;

/// The account of that name, which is made with this protocol and currency if there is none, and its wallets with it.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn gateway_account_bind(
    connection: &mut PgConnection,
    name: &str,
    kind: &str,
    currency: Currency,
) -> Result<GatewayAccount, StoreError> {
    sqlx::query(include_str!("sql/gateway_account_insert.sql"))
        .bind(name)
        .bind(kind)
        .bind(currency.code())
        .execute(&mut *connection)
        .await?;
    let (id, kind, code): (i32, String, String) = sqlx::query_as(include_str!("sql/gateway_account_find.sql"))
        .bind(name)
        .fetch_one(&mut *connection)
        .await?;
    let currency = Currency::from_code(&code).ok_or_else(|| inconsistent("gateway_accounts", "currency", &id))?;
    sqlx::query(include_str!("sql/wallet_open_clearing.sql"))
        .bind(id)
        .bind(&code)
        .execute(&mut *connection)
        .await?;
    sqlx::query(include_str!("sql/wallet_open_undelivered.sql"))
        .bind(&code)
        .execute(connection)
        .await?;
    Ok(GatewayAccount {
        id,
        name: name.to_owned(),
        kind,
        currency,
    })
}

/// All accounts by their names, each with what its gateway collected.
///
/// # Errors
/// As [`gateway_account_bind`].
pub async fn gateway_account_list(executor: impl PgExecutor<'_>) -> Result<Vec<ListedGateway>, StoreError> {
    let rows: Vec<(i32, String, String, String, i64)> = sqlx::query_as(include_str!("sql/gateway_account_list.sql"))
        .fetch_all(executor)
        .await?;
    rows.into_iter()
        .map(|(id, name, kind, code, balance)| {
            // What came in is the wallet's balance with a minus.
            let collected = money(-balance, &code, "gateway_accounts", &id)?;
            Ok(ListedGateway {
                account: GatewayAccount {
                    id,
                    name,
                    kind,
                    currency: collected.currency,
                },
                collected,
            })
        })
        .collect()
}

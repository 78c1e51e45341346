//! Places one order in one transaction.

use axum::http::StatusCode;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// The answer if nothing is sold.
pub(crate) struct Refused(pub(crate) StatusCode, pub(crate) &'static str);

/// A card, and the order that it was sold in.
pub(crate) struct Sold {
    pub(crate) order: Uuid,
    pub(crate) code: String,
}

impl From<sqlx::Error> for Refused {
    fn from(error: sqlx::Error) -> Self {
        eprintln!("{error}");
        Self(StatusCode::INTERNAL_SERVER_ERROR, "the database failed")
    }
}

/// Sells a card of `product` to `account`. If a request under `key` was answered before, that answer is repeated.
///
/// The wallet is updated last: all orders of an account wait for its row, which stays locked until the commit is on the
/// disk.
pub(crate) async fn sell(pool: &PgPool, account: Uuid, key: &str, product: Uuid) -> Result<Sold, Refused> {
    let order = Uuid::now_v7();
    let mut transaction = pool.begin().await?;
    let claimed = sqlx::query(
        "INSERT INTO requests (account_id, key, product_id, order_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(account)
    .bind(key)
    .bind(product)
    .bind(order)
    .execute(&mut *transaction)
    .await?;
    if claimed.rows_affected() == 0 {
        return repeat(&mut transaction, account, key, product).await;
    }
    let taken: Option<(String, i64)> = sqlx::query_as(include_str!("take.sql"))
        .bind(product)
        .bind(order)
        .bind(account)
        .fetch_optional(&mut *transaction)
        .await?;
    let (code, amount_minor) = taken.ok_or(Refused(StatusCode::CONFLICT, "none is left"))?;
    let paid = sqlx::query(
        "UPDATE wallets SET balance_minor = balance_minor - $2 WHERE account_id = $1 AND balance_minor >= $2",
    )
    .bind(account)
    .bind(amount_minor)
    .execute(&mut *transaction)
    .await?;
    if paid.rows_affected() == 0 {
        return Err(Refused(StatusCode::PAYMENT_REQUIRED, "the credit does not suffice"));
    }
    transaction.commit().await?;
    Ok(Sold { order, code })
}

async fn repeat(connection: &mut PgConnection, account: Uuid, key: &str, product: Uuid) -> Result<Sold, Refused> {
    let (order, code, first): (Uuid, String, Uuid) = sqlx::query_as(
        "SELECT r.order_id, c.code, r.product_id FROM requests r
         JOIN orders o ON o.id = r.order_id JOIN cards c ON c.id = o.card_id
         WHERE r.account_id = $1 AND r.key = $2",
    )
    .bind(account)
    .bind(key)
    .fetch_one(connection)
    .await?;
    if first == product {
        Ok(Sold { order, code })
    } else {
        Err(Refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            "this key was used for another order",
        ))
    }
}

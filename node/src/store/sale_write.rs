//! Writes everything that a batch of orders changes, in one statement over arrays.
//!
//! Each group of tables has one writer, which collects its rows and binds them as columns. The events are appended by
//! the store of the schema `attest`. To add a column, extend its writer and `sql/sale_write.sql`; the parameters are
//! numbered in the order in which [`sale_write`] binds them.

use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::{PgConnection, Postgres};

use super::StoreError;

mod money;
mod orders;
mod stock;

pub use money::{MoneyRows, Movement};
pub use orders::OrderRows;
pub(super) use orders::keys_literal;
pub use stock::StockRows;

/// The statement while its parameters are bound.
type Statement<'q> = QueryAs<'q, Postgres, (String, i64), PgArguments>;

/// The rows of one batch.
#[derive(Debug, Default)]
pub struct BatchWrites {
    /// What is taken from the pools.
    pub stock: StockRows,
    /// Ledger entries and transfers.
    pub money: MoneyRows,
    pub orders: OrderRows,
    /// The signature of the batch's receipts; `None` if it sells nothing.
    pub signature: Option<[u8; 65]>,
    /// The time of the orders and transfers, Unix milliseconds.
    pub at_ms: u64,
}

/// Writes a batch. Returns the transaction's name, by which its end can be looked up later, and the batch's number.
///
/// # Errors
/// If the database fails, or a constraint refuses a row: the primary key of the orders, if another transaction placed one
/// of them ([`is_placed`]).
pub async fn sale_write(connection: &mut PgConnection, writes: BatchWrites) -> Result<(String, i64), StoreError> {
    let statement = sqlx::query_as(include_str!("sql/sale_write.sql"));
    let statement = writes.money.bind(writes.stock.bind(statement));
    let statement = statement.bind(writes.at_ms.cast_signed()).bind(writes.signature);
    let named: (String, i64) = writes.orders.bind(statement).fetch_one(&mut *connection).await?;
    stock::hold_write(connection, &writes.stock, named.1).await?;
    Ok(named)
}

/// Whether [`sale_write`] failed because another transaction placed one of the orders.
#[must_use]
pub fn is_placed(error: &StoreError) -> bool {
    error.constraint() == Some("orders_pkey")
}

//! What a batch of orders changes, in one statement over arrays. Each group of tables has one writer, which lays its rows
//! out as columns and binds them; the events are appended by `attest`'s own store.

use sqlx::postgres::PgArguments;
use sqlx::query::QueryAs;
use sqlx::{PgConnection, Postgres};

use super::StoreError;

mod money;
mod orders;
mod stock;

pub use money::MoneyRows;
pub use orders::OrderRows;
pub use stock::StockRows;

/// The statement while its parameters are bound.
type Statement<'q> = QueryAs<'q, Postgres, (i64, i64, String), PgArguments>;

/// The rows of one batch.
#[derive(Debug, Default)]
pub struct BatchWrites {
    /// Keys, and what is taken from the pools.
    pub stock: StockRows,
    /// Ledger entries and transfers.
    pub money: MoneyRows,
    pub orders: OrderRows,
    /// Of the batch's receipts; none where it sells nothing.
    pub signature: Option<[u8; 65]>,
    /// When orders and transfers are made, Unix milliseconds.
    pub at_ms: u64,
}

/// What a batch changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Keys that were still in the version that had been read.
    pub keys: i64,
    /// Orders whose id was free.
    pub orders: i64,
    /// The transaction, by which its outcome can be looked up later.
    pub transaction: String,
}

/// Writes a batch.
///
/// # Errors
/// Where the database fails, or a constraint refuses a row.
pub async fn sale_write(connection: &mut PgConnection, writes: BatchWrites) -> Result<Written, StoreError> {
    let statement = sqlx::query_as(include_str!("sql/sale_write.sql"));
    let statement = writes.money.bind(writes.stock.bind(statement));
    let statement = statement.bind(writes.at_ms.cast_signed()).bind(writes.signature);
    let (keys, orders, transaction) = writes.orders.bind(statement).fetch_one(connection).await?;
    Ok(Written {
        keys,
        orders,
        transaction,
    })
}

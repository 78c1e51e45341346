//! What a batch of orders changes, as arrays, in one statement.

use sqlx::PgConnection;
use uuid::Uuid;

use super::StoreError;

/// The rows of one batch, a list a column.
#[derive(Debug, Default)]
pub struct Writes {
    /// Keys that are sold.
    pub keys: Keys,
    /// Pools whose cursor moves.
    pub pools: Pools,
    /// Wallets whose balance changes.
    pub wallets: Wallets,
    /// Orders, delivered and refused.
    pub orders: Orders,
    /// Their lines.
    pub lines: Lines,
    /// What each line cost.
    pub ledger: Ledger,
    /// Which key went to which line, with its receipt.
    pub sales: Sales,
}

/// Columns of `keys`, after the sale.
#[derive(Debug, Default)]
pub struct Keys {
    /// Which key.
    pub no: Vec<i64>,
    /// Its new version.
    pub version: Vec<i32>,
    /// Hash of its sale.
    pub head: Vec<[u8; 32]>,
    /// Time of its sale.
    pub at_ms: Vec<i64>,
}

/// Columns of `pools`.
#[derive(Debug, Default)]
pub struct Pools {
    /// Which pool.
    pub id: Vec<i32>,
    /// Its new cursor.
    pub cursor: Vec<i64>,
    /// Holes that the cursor stepped over.
    pub holes: Vec<i64>,
}

/// Changes of `wallets`.
#[derive(Debug, Default)]
pub struct Wallets {
    /// Which wallet.
    pub id: Vec<i64>,
    /// What is added.
    pub delta_minor: Vec<i64>,
}

/// Columns of `orders`.
#[derive(Debug, Default)]
pub struct Orders {
    /// Which order.
    pub id: Vec<Uuid>,
    /// Who pays.
    pub account: Vec<Uuid>,
    /// Its state.
    pub state: Vec<&'static str>,
    /// Why it got no key.
    pub reason: Vec<Option<&'static str>>,
    /// What it costs.
    pub total_minor: Vec<i64>,
    /// In which currency; empty where no product was known.
    pub currency: Vec<&'static str>,
    /// The buyer's commitment.
    pub buyer: Vec<Option<[u8; 32]>>,
    /// When it was made.
    pub created_at_ms: Vec<i64>,
}

/// Columns of `order_lines`.
#[derive(Debug, Default)]
pub struct Lines {
    /// Whose line.
    pub order: Vec<Uuid>,
    /// Its number, from 1.
    pub line: Vec<i16>,
    /// What is bought.
    pub product: Vec<Uuid>,
    /// How many.
    pub quantity: Vec<i32>,
    /// At which price each; 0 for a product that is unknown.
    pub price_minor: Vec<i64>,
}

/// Columns of `ledger`.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Who pays.
    pub from: Vec<i64>,
    /// Who earns.
    pub to: Vec<i64>,
    /// How much.
    pub amount_minor: Vec<i64>,
    /// For which order.
    pub order: Vec<Uuid>,
    /// And which line of it.
    pub line: Vec<i16>,
    /// When.
    pub at_ms: Vec<i64>,
}

/// Columns of `sales`.
#[derive(Debug, Default)]
pub struct Sales {
    /// Which key.
    pub key_no: Vec<i64>,
    /// To which order.
    pub order: Vec<Uuid>,
    /// And which line of it.
    pub line: Vec<i16>,
    /// The receipt's deadline.
    pub anchor_by_s: Vec<i64>,
    /// The receipt's path.
    pub path: Vec<Vec<u8>>,
    /// The receipt's signature.
    pub signature: Vec<[u8; 65]>,
}

/// Writes a batch; answers how many of its keys were still as they had been seen.
///
/// # Errors
/// Where the database fails, or a constraint refuses a row.
pub async fn sale_write(connection: &mut PgConnection, writes: Writes) -> Result<i64, StoreError> {
    let Writes {
        keys,
        pools,
        wallets,
        orders,
        lines,
        ledger,
        sales,
    } = writes;
    let sold = sqlx::query_scalar(include_str!("sql/sale_write.sql"))
        .bind(keys.no)
        .bind(keys.version)
        .bind(keys.head)
        .bind(keys.at_ms)
        .bind(pools.id)
        .bind(pools.cursor)
        .bind(pools.holes)
        .bind(wallets.id)
        .bind(wallets.delta_minor)
        .bind(orders.id)
        .bind(orders.account)
        .bind(orders.state)
        .bind(orders.reason)
        .bind(orders.total_minor)
        .bind(orders.currency)
        .bind(orders.buyer)
        .bind(orders.created_at_ms)
        .bind(lines.order)
        .bind(lines.line)
        .bind(lines.product)
        .bind(lines.quantity)
        .bind(lines.price_minor)
        .bind(ledger.from)
        .bind(ledger.to)
        .bind(ledger.amount_minor)
        .bind(ledger.order)
        .bind(ledger.line)
        .bind(ledger.at_ms)
        .bind(sales.key_no)
        .bind(sales.order)
        .bind(sales.line)
        .bind(sales.anchor_by_s)
        .bind(sales.path)
        .bind(sales.signature)
        .fetch_one(connection)
        .await?;
    Ok(sold)
}

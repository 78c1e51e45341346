//! What a batch of orders reads: the orders that were placed before, and, under locks, pools, wallets and keys.

use std::collections::{BTreeSet, HashMap};

use alloy_primitives::B256;
use shelfproof_verifier::event::Kind;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::StoreError;
use super::column::{bytes, money, whole};
use crate::domain::goods::WrappedKey;
use crate::domain::id::{AccountId, BatchId, OrderId, ProductId, SkuId};
use crate::domain::key::Head;
use crate::domain::pool::Cursor;
use crate::domain::sale::{AvailableKey, Pool};
use crate::domain::wallet::CreditWallet;

/// What was there before a batch.
#[derive(Debug)]
pub struct Earlier {
    /// The database's clock, Unix milliseconds.
    pub clock_ms: u64,
    /// The orders that were placed before, each with the fingerprint of its request.
    pub orders: HashMap<OrderId, Vec<u8>>,
}

/// Which of `orders` were placed before.
///
/// # Errors
/// Where the database fails.
pub async fn sale_earlier(connection: &mut PgConnection, orders: &[OrderId]) -> Result<Earlier, StoreError> {
    let rows: Vec<(i64, Option<Uuid>, Option<Vec<u8>>)> = sqlx::query_as(include_str!("sql/sale_earlier.sql"))
        .bind(orders.iter().map(|order| order.0).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let clock_ms = rows.first().map_or(0, |(clock_ms, ..)| *clock_ms);
    let orders = rows
        .into_iter()
        .filter_map(|(_, id, fingerprint)| id.map(OrderId).zip(fingerprint));
    Ok(Earlier {
        clock_ms: u64::try_from(clock_ms).unwrap_or_default(),
        orders: orders.collect(),
    })
}

#[derive(FromRow)]
struct StockRow {
    pool_id: i32,
    product_id: Uuid,
    sku_id: Uuid,
    cursor: i64,
    cursor_holes: i64,
    tail: i64,
    holes: i64,
    name: String,
    price_minor: i64,
    currency: String,
    on_sale: bool,
    revenue_wallet: i64,
}

/// Locks the pools of `products`, and reads what they hold then; those that do not exist are left out.
///
/// # Errors
/// Where the database fails, or holds an unknown currency.
pub async fn sale_pools(
    connection: &mut PgConnection,
    products: &BTreeSet<ProductId>,
) -> Result<Vec<Pool>, StoreError> {
    let locked: Vec<i32> = sqlx::query_scalar(include_str!("sql/sale_pools.sql"))
        .bind(products.iter().map(|product| product.0).collect::<Vec<_>>())
        .fetch_all(&mut *connection)
        .await?;
    let rows: Vec<StockRow> = sqlx::query_as(include_str!("sql/sale_stock.sql"))
        .bind(locked)
        .fetch_all(connection)
        .await?;
    let pools = rows.into_iter().map(|row| {
        Ok(Pool {
            pool: row.pool_id,
            product: ProductId(row.product_id),
            sku: SkuId(row.sku_id),
            cursor: Cursor {
                slot: row.cursor,
                holes: row.cursor_holes,
            },
            tail: row.tail,
            holes: row.holes,
            price: money(row.price_minor, &row.currency, "skus", &row.sku_id)?,
            name: row.name,
            on_sale: row.on_sale,
            revenue_wallet: row.revenue_wallet,
        })
    });
    pools.collect()
}

/// Locks the wallets of `accounts`.
///
/// # Errors
/// Where the database fails, or holds an unknown currency.
pub async fn sale_credits(
    connection: &mut PgConnection,
    accounts: &BTreeSet<AccountId>,
) -> Result<Vec<CreditWallet>, StoreError> {
    let rows: Vec<(i64, Uuid, String, i64)> = sqlx::query_as(include_str!("sql/sale_credits.sql"))
        .bind(accounts.iter().map(|account| account.0).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|(wallet, account, code, minor)| {
            Ok(CreditWallet {
                wallet,
                account: AccountId(account),
                balance: money(minor, &code, "wallets", &wallet)?,
            })
        })
        .collect()
}

#[derive(FromRow)]
struct AvailableKeyRow {
    no: i64,
    key_id: Vec<u8>,
    pool_id: i32,
    slot: i64,
    next_slot: i64,
    version: i32,
    head: Vec<u8>,
    head_at_ms: i64,
    batch_id: Uuid,
    wrapped_key: Vec<u8>,
    master_generation: i32,
    sealed: Vec<u8>,
    vrf_proof: Vec<u8>,
}

impl AvailableKeyRow {
    fn into_key(self) -> Result<AvailableKey, StoreError> {
        Ok(AvailableKey {
            head: Head {
                key_no: self.no,
                key_id: B256::from(bytes("keys", "key_id", &self.key_id, &self.no)?),
                state: Kind::Activated,
                version: whole("keys", "version", self.version, &self.no)?,
                hash: B256::from(bytes("keys", "head", &self.head, &self.no)?),
                at_ms: whole("keys", "head_at_ms", self.head_at_ms, &self.no)?,
            },
            pool: self.pool_id,
            slot: self.slot,
            next_slot: self.next_slot,
            batch: BatchId(self.batch_id),
            wrapped: WrappedKey {
                wrapped: self.wrapped_key,
                master_generation: self.master_generation,
            },
            sealed: self.sealed,
            vrf_proof: bytes("goods", "vrf_proof", &self.vrf_proof, &self.no)?,
        })
    }
}

/// From each pool at most that many keys, in the order of their slots.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn sale_keys(
    connection: &mut PgConnection,
    wanted: &[(&Pool, usize)],
) -> Result<Vec<AvailableKey>, StoreError> {
    let rows: Vec<AvailableKeyRow> = sqlx::query_as(include_str!("sql/sale_keys.sql"))
        .bind(wanted.iter().map(|(pool, _)| pool.pool).collect::<Vec<_>>())
        .bind(
            wanted
                .iter()
                .map(|(_, quantity)| (*quantity as u64).cast_signed())
                .collect::<Vec<_>>(),
        )
        .bind(wanted.iter().map(|(pool, _)| pool.cursor.slot).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(pool, _)| pool.tail).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(pool, _)| pool.holes_ahead()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(AvailableKeyRow::into_key).collect()
}

/// What the server says of a transaction number that it has not given out yet: it lost that transaction in a crash.
const UNKNOWN_TRANSACTION: &str = "22023";

/// Whether a transaction, by the name that [`sale_write`](super::sale_write::sale_write) gave, is still under way.
///
/// # Errors
/// Where the database fails.
pub async fn transaction_runs(connection: &mut PgConnection, transaction: &str) -> Result<bool, StoreError> {
    let runs = sqlx::query_scalar(include_str!("sql/transaction_runs.sql"))
        .bind(transaction)
        .fetch_one(connection)
        .await;
    match runs {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(UNKNOWN_TRANSACTION) => Ok(false),
        runs => Ok(runs?),
    }
}

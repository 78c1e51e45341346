//! The statements of the hot path: what a batch of orders takes, sees and writes.

use std::collections::HashSet;

use alloy_primitives::B256;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::vrf;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::StoreError;
use super::column::{bytes, money, whole};
use crate::domain::goods::WrappedKey;
use crate::domain::id::{AccountId, BatchId, OrderId, ProductId};
use crate::domain::key::Head;
use crate::domain::money::Money;
use crate::domain::order::NewOrder;

/// What a batch got of its idempotency rows.
#[derive(Debug)]
pub struct Claimed {
    /// The orders that are made for the first time.
    pub won: HashSet<OrderId>,
    /// The transaction, by which its outcome can be asked for later.
    pub transaction: String,
    /// The database's clock, Unix milliseconds.
    pub clock_ms: u64,
}

/// Takes the idempotency rows of `orders`; `None` where every one of them was there already.
///
/// # Errors
/// Where the database fails.
pub async fn sale_claim(connection: &mut PgConnection, orders: &[&NewOrder]) -> Result<Option<Claimed>, StoreError> {
    let mut sorted = orders.to_vec();
    sorted.sort_by(|a, b| (a.account, &a.idempotency_key).cmp(&(b.account, &b.idempotency_key)));
    let accounts: Vec<Uuid> = sorted.iter().map(|order| order.account.0).collect();
    let keys: Vec<&str> = sorted.iter().map(|order| order.idempotency_key.as_str()).collect();
    let fingerprints: Vec<&[u8]> = sorted.iter().map(|order| order.fingerprint.as_slice()).collect();
    let ids: Vec<Uuid> = sorted.iter().map(|order| order.id.0).collect();
    let rows: Vec<(Uuid, String, i64)> = sqlx::query_as(include_str!("sql/sale_claim.sql"))
        .bind(accounts)
        .bind(keys)
        .bind(fingerprints)
        .bind(ids)
        .fetch_all(connection)
        .await?;
    let Some((_, transaction, clock_ms)) = rows.first().cloned() else {
        return Ok(None);
    };
    Ok(Some(Claimed {
        won: rows.into_iter().map(|(id, ..)| OrderId(id)).collect(),
        transaction,
        clock_ms: u64::try_from(clock_ms).unwrap_or_default(),
    }))
}

/// Whose an idempotency row is that was there already.
#[derive(Debug)]
pub struct Earlier {
    /// The caller's.
    pub account: AccountId,
    /// The row's key.
    pub idempotency_key: String,
    /// What that request asked for.
    pub fingerprint: Vec<u8>,
    /// The order that it made.
    pub order: OrderId,
}

/// The idempotency rows of those orders that made none themselves.
///
/// # Errors
/// Where the database fails.
pub async fn sale_claimed(connection: &mut PgConnection, orders: &[&NewOrder]) -> Result<Vec<Earlier>, StoreError> {
    let rows: Vec<(Uuid, String, Vec<u8>, Uuid)> = sqlx::query_as(include_str!("sql/sale_claimed.sql"))
        .bind(orders.iter().map(|order| order.account.0).collect::<Vec<_>>())
        .bind(
            orders
                .iter()
                .map(|order| order.idempotency_key.as_str())
                .collect::<Vec<_>>(),
        )
        .fetch_all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(account, idempotency_key, fingerprint, order)| Earlier {
            account: AccountId(account),
            idempotency_key,
            fingerprint,
            order: OrderId(order),
        })
        .collect())
}

/// A product's shelf, locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The pool.
    pub pool: i32,
    /// Whose keys it holds.
    pub product: ProductId,
    /// The next slot to be sold.
    pub cursor: i64,
    /// The product's name.
    pub name: String,
    /// The price of one key.
    pub price: Money,
    /// Whether it may be bought.
    pub is_open: bool,
    /// The wallet that earns.
    pub revenue_wallet: i64,
}

/// Locks the shelves of `products`; those that do not exist are left out.
///
/// # Errors
/// Where the database fails, or holds an unknown currency.
pub async fn sale_shelves(connection: &mut PgConnection, products: &[ProductId]) -> Result<Vec<Pool>, StoreError> {
    type Row = (i32, Uuid, i64, String, i64, String, bool, i64);
    let rows: Vec<Row> = sqlx::query_as(include_str!("sql/sale_shelves.sql"))
        .bind(products.iter().map(|product| product.0).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    rows.into_iter()
        .map(|(pool, product, cursor, name, minor, code, is_open, revenue_wallet)| {
            Ok(Pool {
                pool,
                product: ProductId(product),
                cursor,
                name,
                price: money(minor, &code, "products", &product)?,
                is_open,
                revenue_wallet,
            })
        })
        .collect()
}

/// A channel's prepaid credit in one currency, locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditWallet {
    /// The wallet that pays.
    pub wallet: i64,
    /// Whose it is.
    pub account: AccountId,
    /// What is left.
    pub balance: Money,
}

/// Locks the wallets of `accounts`.
///
/// # Errors
/// Where the database fails, or holds an unknown currency.
pub async fn sale_credits(
    connection: &mut PgConnection,
    accounts: &[AccountId],
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

/// A key on its shelf, with all that is needed to hand it out.
#[derive(Clone, Debug)]
pub struct AvailableKey {
    /// Its newest event.
    pub head: Head,
    /// Its pool.
    pub pool: i32,
    /// Its slot there.
    pub slot: i64,
    /// What brought it.
    pub batch: BatchId,
    /// What its goods are sealed with.
    pub wrapped: WrappedKey,
    /// Its goods, sealed.
    pub sealed: Vec<u8>,
    /// That its id is the code's.
    pub vrf_proof: vrf::Proof,
}

#[derive(FromRow)]
struct ShelvedRow {
    no: i64,
    key_id: Vec<u8>,
    pool_id: i32,
    slot: i64,
    version: i32,
    head: Vec<u8>,
    head_at_ms: i64,
    batch_id: Uuid,
    wrapped_key: Vec<u8>,
    master: i32,
    sealed: Vec<u8>,
    vrf_proof: Vec<u8>,
}

impl ShelvedRow {
    fn into_shelved(self) -> Result<AvailableKey, StoreError> {
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
            batch: BatchId(self.batch_id),
            wrapped: WrappedKey {
                wrapped: self.wrapped_key,
                master: self.master,
            },
            sealed: self.sealed,
            vrf_proof: bytes("goods", "vrf_proof", &self.vrf_proof, &self.no)?,
        })
    }
}

/// From each shelf at most that many keys, in the order of their slots.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn sale_keys(
    connection: &mut PgConnection,
    wanted: &[(&Pool, i64)],
) -> Result<Vec<AvailableKey>, StoreError> {
    let rows: Vec<ShelvedRow> = sqlx::query_as(include_str!("sql/sale_keys.sql"))
        .bind(wanted.iter().map(|(shelf, _)| shelf.pool).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(shelf, _)| shelf.cursor).collect::<Vec<_>>())
        .bind(wanted.iter().map(|(_, quantity)| *quantity).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(ShelvedRow::into_shelved).collect()
}

/// What the server says of a transaction number that it has not given out yet: it lost that transaction in a crash.
const UNKNOWN_TRANSACTION: &str = "22023";

/// Whether a transaction, by the name that [`sale_claim`] gave, is still under way.
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

//! The reads of a batch of orders: the orders that were placed before, and pools, wallets and keys with their locks.
//! [`sale_write`](super::sale_write) has the writes.

use std::collections::{HashMap, HashSet};

use alloy_primitives::B256;
use shelfproof_verifier::event::Kind;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::StoreError;
use super::column::{self, bytes, money, whole};
use crate::domain::goods::WrappedKey;
use crate::domain::id::{AccountId, BatchId, CouponId, OrderId, ProductId, SkuId};
use crate::domain::key::Head;
use crate::domain::pool::Cursor;
use crate::domain::sale::{AvailableKey, HeldRange, Neighbour, Pool};
use crate::domain::sku::StockPolicy;
use crate::domain::wallet::CreditWallet;

/// What a batch finds when it begins.
#[derive(Debug)]
pub struct Earlier {
    /// The database's clock, Unix milliseconds.
    pub clock_ms: u64,
    /// Whether a commit of this session is on disk when it is answered.
    pub is_durable: bool,
    /// Whether commits wait for a standby server.
    pub has_standby: bool,
    /// The orders that were placed before, each with the fingerprint of its request.
    pub orders: HashMap<OrderId, Vec<u8>>,
}

/// Looks up which of `orders` were placed before.
///
/// # Errors
/// If the database fails.
pub async fn sale_earlier(connection: &mut PgConnection, orders: &[OrderId]) -> Result<Earlier, StoreError> {
    type Row = (i64, bool, bool, Option<Uuid>, Option<Vec<u8>>);
    let rows: Vec<Row> = sqlx::query_as(include_str!("sql/sale_earlier.sql"))
        .bind(orders.iter().map(|order| order.0).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let (clock_ms, is_durable, has_standby, ..) = rows.first().cloned().unwrap_or_default();
    let orders = rows
        .into_iter()
        .filter_map(|(.., id, fingerprint)| id.map(OrderId).zip(fingerprint));
    Ok(Earlier {
        clock_ms: u64::try_from(clock_ms).unwrap_or_default(),
        is_durable,
        has_standby,
        orders: orders.collect(),
    })
}

/// Makes the commit of this transaction wait for the disk and for a synchronous standby, even if it changes nothing.
/// Returns the transaction's name.
///
/// # Errors
/// If the database fails.
pub async fn transaction_barrier(connection: &mut PgConnection) -> Result<String, StoreError> {
    Ok(sqlx::query_scalar(include_str!("sql/transaction_barrier.sql"))
        .fetch_one(connection)
        .await?)
}

/// The products, accounts and coupons whose rows a batch needs.
#[derive(Debug, Default)]
pub struct Wanted {
    pub products: Vec<ProductId>,
    pub accounts: Vec<AccountId>,
    /// For [`coupon_lock`](super::coupon::coupon_lock).
    pub coupons: Vec<CouponId>,
}

impl Wanted {
    fn products(&self) -> impl Iterator<Item = Uuid> {
        self.products.iter().map(|product| product.0)
    }

    fn accounts(&self) -> impl Iterator<Item = Uuid> {
        self.accounts.iter().map(|account| account.0)
    }
}

/// The pools and wallets that a batch has locked, by their ids.
#[derive(Debug)]
pub struct Locked {
    pools: HashSet<i32>,
    wallets: HashSet<i64>,
}

/// Locks the pools and the revenue wallets of products, and the credit wallets of accounts. Waits for the rows of
/// `wait` as long as the session's `lock_timeout` allows, and skips rows of `skip` that another transaction has
/// locked.
///
/// # Errors
/// If the database fails, or another transaction keeps a row of `wait` locked for longer.
pub async fn sale_lock(connection: &mut PgConnection, wait: &Wanted, skip: &Wanted) -> Result<Locked, StoreError> {
    let (pools, wallets): (Vec<i32>, Vec<i64>) = sqlx::query_as(include_str!("sql/sale_lock.sql"))
        .bind(wait.products().collect::<Vec<_>>())
        .bind(wait.accounts().collect::<Vec<_>>())
        .bind(skip.products().collect::<Vec<_>>())
        .bind(skip.accounts().collect::<Vec<_>>())
        .fetch_one(connection)
        .await?;
    Ok(Locked {
        pools: pools.into_iter().collect(),
        wallets: wallets.into_iter().collect(),
    })
}

/// What a batch needs to know to decide its orders.
#[derive(Debug, Default)]
pub struct Facts {
    /// The shop's own pools, for the products that exist.
    pub pools: Vec<Pool>,
    /// The wallets that pay.
    pub credits: Vec<CreditWallet>,
    /// Products and accounts with a row that is damaged, or is not locked and may change at any moment.
    pub busy: Vec<Neighbour>,
}

#[derive(FromRow)]
struct FactRow {
    is_pool: bool,
    id: i64,
    owner: Uuid,
    sku_id: Option<Uuid>,
    cursor: Option<i64>,
    cursor_holes: Option<i64>,
    tail: Option<i64>,
    holes: Option<i64>,
    name: Option<String>,
    minor: i64,
    currency: String,
    on_sale: Option<bool>,
    revenue_wallet: Option<i64>,
    tier_quantities: Option<Vec<i32>>,
    tier_prices_minor: Option<Vec<i64>>,
    order_max: Option<i32>,
    buyer_max: Option<i32>,
    buyer_per: Option<String>,
    low_stock: Option<i32>,
    policy: Option<String>,
}

impl FactRow {
    const fn neighbour(&self) -> Neighbour {
        if self.is_pool {
            Neighbour::Product(ProductId(self.owner))
        } else {
            Neighbour::Account(AccountId(self.owner))
        }
    }

    fn into_credit(self) -> Result<CreditWallet, StoreError> {
        Ok(CreditWallet {
            wallet: self.id,
            account: AccountId(self.owner),
            balance: money(self.minor, &self.currency, "wallets", &self.id)?,
        })
    }

    fn into_pool(self) -> Result<Pool, StoreError> {
        let inconsistent = |column| move || column::inconsistent("pools", column, &self.id);
        Ok(Pool {
            pool: i32::try_from(self.id).map_err(|_| inconsistent("id")())?,
            product: ProductId(self.owner),
            sku: SkuId(self.sku_id.ok_or_else(inconsistent("sku_id"))?),
            cursor: Cursor {
                slot: self.cursor.ok_or_else(inconsistent("cursor"))?,
                holes: self.cursor_holes.ok_or_else(inconsistent("cursor_holes"))?,
            },
            tail: self.tail.ok_or_else(inconsistent("tail"))?,
            holes: self.holes.ok_or_else(inconsistent("holes"))?,
            price: money(self.minor, &self.currency, "skus", &self.owner)?,
            tiers: column::tiers(
                &self.tier_quantities.unwrap_or_default(),
                &self.tier_prices_minor.unwrap_or_default(),
                &self.owner,
            )?,
            order_max: column::optional("skus", "order_max", self.order_max, &self.owner)?,
            buyer_limit: column::buyer_limit(self.buyer_max, self.buyer_per.as_deref(), &self.owner)?,
            low_stock: column::optional("skus", "low_stock", self.low_stock, &self.owner)?,
            policy: self
                .policy
                .as_deref()
                .and_then(StockPolicy::from_name)
                .ok_or_else(inconsistent("policy"))?,
            on_sale: self.on_sale.unwrap_or_default(),
            revenue_wallet: self.revenue_wallet.ok_or_else(inconsistent("revenue_wallet"))?,
            name: self.name.unwrap_or_default(),
        })
    }
}

/// Reads the pools and credit wallets. `locked` is what [`sale_lock`] returned for the same `wait` and `skip`.
///
/// # Errors
/// If the database fails. A damaged row is no error: its product or account is listed as busy.
pub async fn sale_facts(
    connection: &mut PgConnection,
    wait: &Wanted,
    skip: &Wanted,
    locked: &Locked,
) -> Result<Facts, StoreError> {
    let rows: Vec<FactRow> = sqlx::query_as(include_str!("sql/sale_facts.sql"))
        .bind(wait.products().chain(skip.products()).collect::<Vec<_>>())
        .bind(wait.accounts().chain(skip.accounts()).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let mut facts = Facts::default();
    for row in rows {
        let neighbour = row.neighbour();
        // A damaged row holds back its own product or account only.
        let is_locked = if row.is_pool {
            row.into_pool().map(|pool| {
                let is_locked = locked.pools.contains(&pool.pool) && locked.wallets.contains(&pool.revenue_wallet);
                facts.pools.push(pool);
                is_locked
            })
        } else {
            row.into_credit().map(|credit| {
                let is_locked = locked.wallets.contains(&credit.wallet);
                facts.credits.push(credit);
                is_locked
            })
        };
        match is_locked {
            Ok(true) => {}
            Ok(false) => facts.busy.push(neighbour),
            Err(error) => {
                tracing::error!(%neighbour, %error, "a damaged row holds back the orders");
                facts.busy.push(neighbour);
            }
        }
    }
    Ok(facts)
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

/// Slots of a pool whose keys are to be read.
#[derive(Clone, Copy, Debug)]
pub struct KeyRange {
    pool: i32,
    quantity: i64,
    from: i64,
    end: i64,
    /// How many of the slots have a voided key.
    holes: i64,
}

impl KeyRange {
    /// The next keys for sale.
    #[must_use]
    pub const fn next(pool: &Pool, quantity: i64) -> Self {
        Self {
            pool: pool.pool,
            quantity,
            from: pool.cursor.slot,
            end: pool.tail,
            holes: pool.holes_ahead(),
        }
    }

    /// Those that a hold keeps.
    #[must_use]
    pub const fn held(range: &HeldRange) -> Self {
        Self {
            pool: range.pool,
            quantity: range.end_slot - range.first_slot,
            from: range.first_slot,
            end: range.end_slot,
            holes: 0,
        }
    }
}

/// Reads at most the given number of keys from each range of a locked pool, in the order of their slots, each with its pool's
/// id. A damaged row is an error in its own place, and does not affect the other keys.
///
/// # Errors
/// If the database fails.
pub async fn sale_keys(
    connection: &mut PgConnection,
    wanted: &[KeyRange],
) -> Result<Vec<(i32, Result<AvailableKey, StoreError>)>, StoreError> {
    let rows: Vec<AvailableKeyRow> = sqlx::query_as(include_str!("sql/sale_keys.sql"))
        .bind(wanted.iter().map(|range| range.pool).collect::<Vec<_>>())
        .bind(wanted.iter().map(|range| range.quantity).collect::<Vec<_>>())
        .bind(wanted.iter().map(|range| range.from).collect::<Vec<_>>())
        .bind(wanted.iter().map(|range| range.end).collect::<Vec<_>>())
        .bind(wanted.iter().map(|range| range.holes).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.pool_id, row.into_key())).collect())
}

/// The error code for a transaction number that the server has not assigned yet. For a number that it assigned before,
/// this means that it lost the transaction in a crash.
const UNKNOWN_TRANSACTION: &str = "22023";

/// Whether a transaction is still in progress, by the name that [`sale_write`](super::sale_write::sale_write) returned.
///
/// # Errors
/// If the database fails.
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

//! Orders as they stand, their lines and their keys.

use alloy_primitives::B256;
use shelfproof_verifier::vrf;
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use super::column::{bytes, inconsistent, kind, whole};
use crate::domain::goods::WrappedKey;
use crate::domain::id::{AccountId, BatchId, OrderId, ProductId};
use crate::domain::key::Head;
use crate::domain::money::{Currency, Money};
use crate::domain::order::{Line, Order, OrderStatus};

#[derive(FromRow)]
struct OrderRow {
    id: Uuid,
    account_id: Uuid,
    state: String,
    reason: Option<String>,
    total_minor: i64,
    currency: String,
    buyer: Option<Vec<u8>>,
    created_at_ms: i64,
}

impl OrderRow {
    fn into_order(self) -> Result<Order, StoreError> {
        let currency = Currency::from_code(&self.currency);
        let buyer = self.buyer.map(|buyer| bytes("orders", "buyer", &buyer, &self.id));
        Ok(Order {
            id: OrderId(self.id),
            account: AccountId(self.account_id),
            state: OrderStatus::from_names(&self.state, self.reason.as_deref())
                .ok_or_else(|| inconsistent("orders", "state", &self.id))?,
            total: currency.map(|currency| Money {
                minor: self.total_minor,
                currency,
            }),
            buyer: buyer.transpose()?.map(B256::from),
            created_at_ms: whole("orders", "created_at_ms", self.created_at_ms, &self.id)?,
        })
    }
}

/// The order of that id.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn order_get(executor: impl PgExecutor<'_>, order: OrderId) -> Result<Option<Order>, StoreError> {
    let row: Option<OrderRow> = sqlx::query_as(include_str!("sql/order_get.sql"))
        .bind(order.0)
        .fetch_optional(executor)
        .await?;
    row.map(OrderRow::into_order).transpose()
}

/// The order that got the key of that id.
///
/// # Errors
/// Where the database fails.
pub async fn order_find_by_key(executor: impl PgExecutor<'_>, key_id: &B256) -> Result<Option<OrderId>, StoreError> {
    let found: Option<Uuid> = sqlx::query_scalar(include_str!("sql/order_find_by_key.sql"))
        .bind(key_id.as_slice())
        .fetch_optional(executor)
        .await?;
    Ok(found.map(OrderId))
}

/// The order of that id, locked until the transaction ends.
///
/// # Errors
/// As [`order_get`].
pub async fn order_lock(connection: &mut PgConnection, order: OrderId) -> Result<Option<Order>, StoreError> {
    let row: Option<OrderRow> = sqlx::query_as(include_str!("sql/order_lock.sql"))
        .bind(order.0)
        .fetch_optional(connection)
        .await?;
    row.map(OrderRow::into_order).transpose()
}

/// At most `limit` orders, newest first, of one account or of all, that are older than `before`.
///
/// # Errors
/// As [`order_get`].
pub async fn order_list(
    executor: impl PgExecutor<'_>,
    account: Option<AccountId>,
    before: Option<OrderId>,
    limit: i64,
) -> Result<Vec<Order>, StoreError> {
    let rows: Vec<OrderRow> = sqlx::query_as(include_str!("sql/order_list.sql"))
        .bind(account.map(|account| account.0))
        .bind(before.map(|before| before.0))
        .bind(limit)
        .fetch_all(executor)
        .await?;
    rows.into_iter().map(OrderRow::into_order).collect()
}

/// At most `limit` orders that wait for somebody, newest first, that are older than `before`.
///
/// # Errors
/// As [`order_get`].
pub async fn order_list_abnormal(
    executor: impl PgExecutor<'_>,
    before: Option<OrderId>,
    limit: i64,
) -> Result<Vec<Order>, StoreError> {
    let rows: Vec<OrderRow> = sqlx::query_as(include_str!("sql/order_list_abnormal.sql"))
        .bind(before.map(|before| before.0))
        .bind(limit)
        .fetch_all(executor)
        .await?;
    rows.into_iter().map(OrderRow::into_order).collect()
}

/// What an order asked for.
///
/// # Errors
/// As [`order_get`].
pub async fn order_lines(executor: impl PgExecutor<'_>, order: OrderId) -> Result<Vec<Line>, StoreError> {
    let rows: Vec<(i16, Uuid, i32, i64)> = sqlx::query_as(include_str!("sql/order_lines.sql"))
        .bind(order.0)
        .fetch_all(executor)
        .await?;
    rows.into_iter()
        .map(|(line, product, quantity, price_minor)| {
            Ok(Line {
                line,
                product: ProductId(product),
                quantity: whole("order_lines", "quantity", quantity, &order)?,
                price_minor,
            })
        })
        .collect()
}

/// A key that an order got, with all that opens it.
#[derive(Clone, Debug)]
pub struct Sold {
    /// The key, where it stands now.
    pub head: Head,
    /// The order's line.
    pub line: i16,
    /// What it is.
    pub product: ProductId,
    /// What it cost.
    pub price_minor: i64,
    /// The receipt's deadline, Unix seconds.
    pub anchor_by_s: u64,
    /// The receipt's path.
    pub path: Vec<B256>,
    /// The receipt's signature.
    pub signature: [u8; 65],
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
struct SoldRow {
    key_no: i64,
    line: i16,
    product_id: Uuid,
    price_minor: i64,
    anchor_by_s: i64,
    path: Vec<u8>,
    signature: Vec<u8>,
    key_id: Vec<u8>,
    state: i16,
    version: i32,
    head: Vec<u8>,
    head_at_ms: i64,
    batch_id: Uuid,
    wrapped_key: Vec<u8>,
    master: i32,
    sealed: Vec<u8>,
    vrf_proof: Vec<u8>,
}

impl SoldRow {
    fn into_sold(self) -> Result<Sold, StoreError> {
        let no = self.key_no;
        let path = self
            .path
            .chunks(32)
            .map(|hash| bytes("sales", "path", hash, &no).map(B256::from));
        Ok(Sold {
            head: Head {
                key_no: no,
                key_id: B256::from(bytes("keys", "key_id", &self.key_id, &no)?),
                state: kind("keys", self.state, &no)?,
                version: whole("keys", "version", self.version, &no)?,
                hash: B256::from(bytes("keys", "head", &self.head, &no)?),
                at_ms: whole("keys", "head_at_ms", self.head_at_ms, &no)?,
            },
            line: self.line,
            product: ProductId(self.product_id),
            price_minor: self.price_minor,
            anchor_by_s: whole("sales", "anchor_by_s", self.anchor_by_s, &no)?,
            path: path.collect::<Result<_, _>>()?,
            signature: bytes("sales", "signature", &self.signature, &no)?,
            batch: BatchId(self.batch_id),
            wrapped: WrappedKey {
                wrapped: self.wrapped_key,
                master: self.master,
            },
            sealed: self.sealed,
            vrf_proof: bytes("goods", "vrf_proof", &self.vrf_proof, &no)?,
        })
    }
}

/// The keys of an order, by line and slot: the order in which they were handed out, and numbered from 1.
///
/// # Errors
/// As [`order_get`].
pub async fn order_items(executor: impl PgExecutor<'_>, order: OrderId) -> Result<Vec<Sold>, StoreError> {
    let rows: Vec<SoldRow> = sqlx::query_as(include_str!("sql/order_items.sql"))
        .bind(order.0)
        .fetch_all(executor)
        .await?;
    rows.into_iter().map(SoldRow::into_sold).collect()
}

/// After a refund: writes and answers whether some or all of an order's keys were paid back.
///
/// # Errors
/// As [`order_get`].
pub async fn order_update_refund_state(
    connection: &mut PgConnection,
    order: OrderId,
) -> Result<OrderStatus, StoreError> {
    let state: String = sqlx::query_scalar(include_str!("sql/order_update_refund_state.sql"))
        .bind(order.0)
        .fetch_one(connection)
        .await?;
    OrderStatus::from_names(&state, None).ok_or_else(|| inconsistent("orders", "state", &order))
}

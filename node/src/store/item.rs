//! The delivered items of orders. An item is the sold event of its key, with the order and the item's number beside it.

use std::collections::HashMap;
use std::fmt::Display;

use alloy_primitives::B256;
use shelfproof_verifier::event::{KeyEvent, Kind, Opening};
use shelfproof_verifier::tree::EventsTree;
use shelfproof_verifier::vocabulary::body::{Body, Sold};
use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use super::column::{bytes, inconsistent, whole};
use super::head::HeadRow;
use crate::domain::delivery::{SoldItem, sale_promise};
use crate::domain::goods::WrappedKey;
use crate::domain::id::{BatchId, OrderId};
use crate::domain::key::Head;

#[derive(FromRow)]
struct ItemRow {
    /// How many items the order says that it has.
    items: i32,
    item: i32,
    sale_version: i32,
    at_ms: i64,
    sale_prev: Vec<u8>,
    sale_payload: Vec<u8>,
    salt: Vec<u8>,
    body: String,
    anchor_by_s: Option<i64>,
    sale_batch: Option<i64>,
    signature: Option<Vec<u8>>,
    is_first_answer: Option<bool>,
    is_final: bool,
    #[sqlx(flatten)]
    head: HeadRow,
    batch_id: Uuid,
    wrapped_key: Vec<u8>,
    master_generation: i32,
    sealed: Vec<u8>,
    vrf_proof: Vec<u8>,
}

impl ItemRow {
    fn into_item(self, leaves: &HashMap<i64, EventsTree>) -> Result<SoldItem, StoreError> {
        let no = self.head.no;
        let head = self.head.into_head()?;
        let hash = |column, value: &[u8]| bytes("events", column, value, &no).map(B256::from);
        let unsigned = || inconsistent("sale_batches", "signature", &no);
        let sale = KeyEvent {
            key_id: head.key_id,
            version: whole("events", "version", self.sale_version, &no)?,
            kind: Kind::Sold,
            at_ms: whole("events", "at_ms", self.at_ms, &no)?,
            prev: hash("prev", &self.sale_prev)?,
            payload: hash("payload", &self.sale_payload)?,
        };
        let sale_batch = self.sale_batch.ok_or_else(unsigned)?;
        let tree = leaves.get(&sale_batch).ok_or_else(unsigned)?;
        let buyer = buyer(&self.body, &no)?;
        let anchor_by_s = self
            .anchor_by_s
            .ok_or_else(|| inconsistent("events", "anchor_by_s", &no))?;
        Ok(SoldItem {
            item: whole("events", "item", self.item, &no)?,
            head,
            path: tree.path(&sale_promise(&sale, buyer)).ok_or_else(unsigned)?,
            sale,
            opening: Opening {
                salt: hash("salt", &self.salt)?,
                body: self.body,
            },
            buyer,
            anchor_by_s: whole("events", "anchor_by_s", anchor_by_s, &no)?,
            signature: bytes("sale_batches", "signature", &self.signature.ok_or_else(unsigned)?, &no)?,
            is_first_answer: self.is_first_answer.unwrap_or_default(),
            sale_batch,
            is_final: self.is_final,
            batch: BatchId(self.batch_id),
            wrapped: WrappedKey {
                wrapped: self.wrapped_key,
                master_generation: self.master_generation,
            },
            sealed: self.sealed,
            vrf_proof: bytes("goods", "vrf_proof", &self.vrf_proof, &no)?,
        })
    }
}

#[derive(FromRow)]
struct LeafRow {
    id: i64,
    key_id: Vec<u8>,
    version: i32,
    at_ms: i64,
    prev: Vec<u8>,
    payload: Vec<u8>,
    body: String,
}

impl LeafRow {
    fn promise(&self) -> Result<B256, StoreError> {
        let hash = |column, value: &[u8]| bytes("events", column, value, &self.id).map(B256::from);
        let event = KeyEvent {
            key_id: hash("key_id", &self.key_id)?,
            version: whole("events", "version", self.version, &self.id)?,
            kind: Kind::Sold,
            at_ms: whole("events", "at_ms", self.at_ms, &self.id)?,
            prev: hash("prev", &self.prev)?,
            payload: hash("payload", &self.payload)?,
        };
        let buyer = buyer(&self.body, &self.id)?;
        Ok(sale_promise(&event, buyer))
    }
}

/// Whom the body of a sale names, if anybody. Refuses what is no body that this program writes, in the row named `row`.
fn buyer(body: &str, row: &impl Display) -> Result<Option<B256>, StoreError> {
    let sold = Sold::parse(body).map_err(|_| inconsistent("events", "body", row))?;
    Ok(sold.buyer)
}

/// The delivered items of an order, by their numbers, each with the receipt that was handed out with it.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn order_items(connection: &mut PgConnection, order: OrderId) -> Result<Vec<SoldItem>, StoreError> {
    let rows: Vec<ItemRow> = sqlx::query_as(include_str!("sql/order_items.sql"))
        .bind(order.0)
        .fetch_all(&mut *connection)
        .await?;
    if let Some(row) = rows.first()
        && usize::try_from(row.items) != Ok(rows.len())
    {
        return Err(inconsistent("orders", "keys", &order));
    }
    let mut batches: Vec<i64> = rows.iter().filter_map(|row| row.sale_batch).collect();
    batches.dedup();
    let trees = trees(connection, &batches).await?;
    rows.into_iter().map(|row| row.into_item(&trees)).collect()
}

/// The tree of each batch's receipts.
async fn trees(connection: &mut PgConnection, batches: &[i64]) -> Result<HashMap<i64, EventsTree>, StoreError> {
    let rows: Vec<LeafRow> = sqlx::query_as(include_str!("sql/item_leaves.sql"))
        .bind(batches)
        .fetch_all(connection)
        .await?;
    let mut leaves: HashMap<i64, Vec<B256>> = HashMap::new();
    for row in rows {
        leaves.entry(row.id).or_default().push(row.promise()?);
    }
    let trees = leaves.into_iter().filter_map(|(batch, leaves)| {
        let tree = EventsTree::of_leaves(leaves, 1)?;
        Some((batch, tree))
    });
    Ok(trees.collect())
}

/// The key that an order's item is, in its present state.
///
/// # Errors
/// As [`order_items`].
pub async fn item_head(executor: impl PgExecutor<'_>, order: OrderId, item: u32) -> Result<Option<Head>, StoreError> {
    let Ok(number) = i32::try_from(item) else {
        return Ok(None);
    };
    let row: Option<HeadRow> = sqlx::query_as(include_str!("sql/item_head.sql"))
        .bind(order.0)
        .bind(number)
        .fetch_optional(executor)
        .await?;
    row.map(HeadRow::into_head).transpose()
}

/// How many of an order's items were delivered, and how many of those refunded.
///
/// # Errors
/// The database's.
pub async fn item_count(executor: impl PgExecutor<'_>, order: OrderId) -> Result<(u32, u32), StoreError> {
    let (delivered, refunded): (i64, i64) = sqlx::query_as(include_str!("sql/item_count.sql"))
        .bind(order.0)
        .fetch_one(executor)
        .await?;
    Ok((
        whole("events", "item", delivered, &order)?,
        whole("events", "item", refunded, &order)?,
    ))
}

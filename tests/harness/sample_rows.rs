//! Fills a database with a small shop, written as rows: ten keys, which cover every state of a key, and three orders.

use crate::Result;
use crate::postgres::Postgres;
use alloy_primitives::{B256, keccak256};
use shelfproof::domain::account::Role;
use shelfproof::domain::id::{AccountId, BatchId, OrderId, ProductId};
use shelfproof::domain::key::{ChainedEvent, Head, first, next};
use shelfproof::domain::money::{Currency, Money};
use shelfproof::domain::product::NewProduct;
use shelfproof::flow::create_account::create_account;
use shelfproof::flow::create_product::create_product;
use shelfproof::flow::top_up_credit::top_up_credit;
use shelfproof::store;
use shelfproof_verifier::event::{Kind, Opening};
use sqlx::PgPool;

/// The time of all events, in Unix milliseconds.
pub const NOW_MS: u64 = 1_790_000_000_000;

/// The account that buys.
pub const ACCOUNT: AccountId = AccountId(id(1));
/// The product.
pub const PRODUCT: ProductId = ProductId(id(2));
/// The batch of the product's keys.
pub const BATCH: BatchId = BatchId(id(3));
/// An order of two keys, delivered.
pub const DELIVERED: OrderId = OrderId(id(4));
/// An order of two keys, one of them refunded.
pub const PARTLY_REFUNDED: OrderId = OrderId(id(5));
/// An order that was refused.
pub const REFUSED: OrderId = OrderId(id(6));

/// Each key's slot, and the events after its generation. The pool's cursor is 5, its tail 9.
const KEYS: [(Option<i64>, &[Kind]); 10] = [
    (Some(1), &[Kind::Activated, Kind::Sold]),
    (Some(2), &[Kind::Activated, Kind::Sold, Kind::Redeemed]),
    (Some(3), &[Kind::Activated, Kind::Sold, Kind::Disputed, Kind::Refunded]),
    (Some(4), &[Kind::Activated, Kind::Sold, Kind::Disputed, Kind::Upheld]),
    (Some(5), &[Kind::Activated]),
    (Some(6), &[Kind::Activated, Kind::Voided]),
    (Some(7), &[Kind::Activated]),
    (Some(8), &[Kind::Activated]),
    (None, &[]),
    (None, &[Kind::Voided]),
];

/// Returns the id with that number.
const fn id(number: u128) -> sqlx::types::Uuid {
    sqlx::types::Uuid::from_u128(number)
}

/// Opens a connection pool on that database.
///
/// # Errors
/// If the address cannot be parsed.
pub fn connect(postgres: &Postgres, database: &str) -> Result<PgPool> {
    let words = postgres.connection(database).replace(' ', "&");
    Ok(store::pool(store::options(&format!("postgres:///?{words}"))?, 4))
}

/// Returns an amount in fen, for prices and top-ups.
#[must_use]
pub const fn cny(minor: i64) -> Money {
    Money {
        minor,
        currency: Currency::CNY,
    }
}

/// Fills a new database with a shop in which every invariant holds: ten keys and three orders.
///
/// # Errors
/// The database's error.
pub async fn fill(pool: &PgPool) -> Result<()> {
    store::migrate(pool).await?;
    create_account(pool, ACCOUNT, "shop-a", Role::Reseller, NOW_MS).await?;
    create_product(pool, PRODUCT, NewProduct::new("月卡", cny(990)), NOW_MS).await?;
    top_up_credit(pool, ACCOUNT, cny(10_000), "bank-1", NOW_MS).await?;
    sqlx::query(
        "INSERT INTO shop.batches (id, sku_id, name, supplier, wrapped_key, master_generation, source, lines, imported,
                                   refused, activated, is_complete, created_at_ms)
         SELECT $1, id, 'one', '', '', 1, $3, 12, 10, 1, 8, true, 1 FROM shop.skus WHERE product_id = $2",
    )
    .bind(BATCH.0)
    .bind(PRODUCT.0)
    .bind([0_u8; 32].as_slice())
    .execute(pool)
    .await?;
    for (no, (slot, kinds)) in (1..).zip(KEYS) {
        insert_key(pool, no, slot, kinds).await?;
    }
    insert_orders(pool).await
}

async fn insert_key(pool: &PgPool, no: i64, slot: Option<i64>, kinds: &[Kind]) -> Result<()> {
    let opening = |version: usize| Opening {
        salt: keccak256([no.to_be_bytes(), version.to_be_bytes()].concat()),
        body: format!("{{\"version\":{version}}}"),
    };
    let mut links = vec![first(keccak256(no.to_be_bytes()), NOW_MS, opening(1))];
    for (kind, version) in kinds.iter().zip(2..) {
        let head = head(no, links.last().ok_or("no event")?);
        links.push(next(&head, *kind, NOW_MS + version as u64, opening(version)).ok_or("an illegal step")?);
    }
    // A sale is not written into the key's row.
    let newest = links.iter().rev().find(|link| link.event.kind != Kind::Sold);
    let newest = head(no, newest.ok_or("no event")?);
    sqlx::query(
        "INSERT INTO shop.keys (no, key_id, batch_id, pool_id, slot, state, version, head, head_at_ms) OVERRIDING SYSTEM VALUE
         SELECT $1, $2, $3, CASE WHEN $4::bigint IS NOT NULL THEN id END, $4, $5, $6, $7, $8 FROM shop.pools",
    )
    .bind(no)
    .bind(newest.key_id.as_slice())
    .bind(BATCH.0)
    .bind(slot)
    .bind(newest.state as i16)
    .bind(i32::try_from(newest.version)?)
    .bind(newest.hash.as_slice())
    .bind(i64::try_from(newest.at_ms)?)
    .execute(pool)
    .await?;
    let befores = [0].into_iter().chain(links.iter().map(|link| link.event.kind as i16));
    for (link, before) in links.iter().zip(befores) {
        insert_event(pool, no, before, link).await?;
    }
    Ok(())
}

fn head(no: i64, link: &ChainedEvent) -> Head {
    Head {
        key_no: no,
        key_id: link.event.key_id,
        state: link.event.kind,
        version: link.event.version,
        hash: link.event.hash(),
        at_ms: link.event.at_ms,
    }
}

async fn insert_event(pool: &PgPool, no: i64, before: i16, link: &ChainedEvent) -> Result<()> {
    let bytes = |hash: &B256| hash.to_vec();
    let sale = sale(no).filter(|_| link.event.kind == Kind::Sold);
    sqlx::query(
        "INSERT INTO attest.events (key_no, version, before, kind, at_ms, key_id, prev, payload, salt, body, order_id, item,
                                    xid, anchor_by_s)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, coalesce($13::text::xid8, pg_current_xact_id()), $14)",
    )
    .bind(no)
    .bind(i32::try_from(link.event.version)?)
    .bind(before)
    .bind(link.event.kind as i16)
    .bind(i64::try_from(link.event.at_ms)?)
    .bind(bytes(&link.event.key_id))
    .bind(bytes(&link.event.prev))
    .bind(bytes(&link.event.payload))
    .bind(bytes(&link.opening.salt))
    .bind(&link.opening.body)
    .bind(sale.map(|(order, ..)| order.0))
    .bind(sale.map(|(_, item, _)| item))
    .bind(sale.map(|(.., transaction)| transaction))
    .bind(sale.map(|_| 1_i64))
    .execute(pool)
    .await?;
    Ok(())
}

/// Returns the order in which the key of that number was sold, the number of the item, and the transaction of the
/// batch.
const fn sale(no: i64) -> Option<(OrderId, i32, &'static str)> {
    match no {
        1 => Some((DELIVERED, 1, "101")),
        2 => Some((DELIVERED, 2, "101")),
        3 => Some((PARTLY_REFUNDED, 1, "102")),
        4 => Some((PARTLY_REFUNDED, 2, "102")),
        _ => None,
    }
}

/// Inserts the orders, their batches, the money that moved for them, and the state of the pool. The sold events have
/// the transactions of the batches.
async fn insert_orders(pool: &PgPool) -> Result<()> {
    let line = |unit: i64, state: &str| {
        format!(
            "ARRAY[ROW('{PRODUCT}', NULL, 2, {unit}, 0, {}, '{state}')::shop.order_line]",
            2 * unit
        )
    };
    let (sold, refused) = (line(990, "delivered"), line(0, "cancelled"));
    let orders = format!(
        "INSERT INTO attest.sale_batches (id, xid, signature, at_ms)
            SELECT number, number::text::xid8, decode(repeat('00', 65), 'hex'), 1 FROM generate_series(101, 103) number;
         INSERT INTO shop.orders (id, fingerprint, account_id, channel, state, version, reason, lines, keys,
                                  subtotal_minor, discount_minor, total_minor, currency, batch_id, created_at_ms)
            SELECT id, sha256(''), '{ACCOUNT}', 'api', state, version, reason, lines, keys::bigint[], total, 0, total,
                   currency, batch, 1
            FROM (VALUES
                ('{DELIVERED}'::uuid, 'delivered', 3, NULL, {sold}, '{{1, 2}}', 1980, 'CNY', 101),
                ('{PARTLY_REFUNDED}', 'partially_refunded', 4, NULL, {sold}, '{{3, 4}}', 1980, 'CNY', 102),
                ('{REFUSED}', 'refused', 1, 'out_of_stock', {refused}, '{{}}', 0, '', 103)
            ) AS orders (id, state, version, reason, lines, keys, total, currency, batch);
         INSERT INTO shop.transfers (id, kind, cause, from_wallet, to_wallet, amount_minor, state, at_ms)
            SELECT 200 + batch, 'sale', format('%s/%s/%s', batch, credit.id, revenue.id), credit.id, revenue.id, 1980, 'posted', 1
            FROM shop.wallets credit, shop.wallets revenue, generate_series(101, 102) batch
            WHERE credit.kind = 'credit' AND revenue.kind = 'revenue'
            UNION ALL
            SELECT 400, 'refund', '{PARTLY_REFUNDED}/1', revenue.id, credit.id, 990, 'posted', 2
            FROM shop.wallets credit, shop.wallets revenue
            WHERE credit.kind = 'credit' AND revenue.kind = 'revenue';
         SELECT setval('shop.postings', 1000);
         INSERT INTO shop.ledger_entries (wallet_id, posting_id, prev, kind, delta_minor, balance_minor)
            SELECT wallet_id, posting, CASE posting WHEN 101 THEN posting_id WHEN 102 THEN 101 ELSE 102 END, kind, delta,
                   balance_minor + sum(delta) OVER (PARTITION BY wallet_id ORDER BY posting)
            FROM (
                SELECT *, CASE kind WHEN 'credit' THEN -amount ELSE amount END AS delta
                FROM shop.balances, (VALUES (101, 1980), (102, 1980), (400, -990)) posted (posting, amount)
                WHERE kind IN ('credit', 'revenue')
            ) moved;
         UPDATE shop.pools SET tail = 9, holes = 1;
         INSERT INTO shop.takes (pool_id, first_slot, end_slot, first_holes, end_holes, batch_id)
            SELECT id, first, first + 2, 0, 0, batch FROM shop.pools, (VALUES (1, 101), (3, 102)) taken (first, batch)
            ORDER BY first"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(orders)).execute(pool).await?;
    Ok(())
}

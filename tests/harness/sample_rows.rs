//! A shop in a database of its own, with one of everything that can have happened to a key.

use crate::Result;
use crate::postgres::Postgres;
use alloy_primitives::{B256, keccak256};
use shelfproof::domain::account::Role;
use shelfproof::domain::id::{AccountId, BatchId, OrderId, ProductId};
use shelfproof::domain::key::{ChainedEvent, Head, first, next};
use shelfproof::domain::money::{Currency, Money};
use shelfproof::flow::create_account::create_account;
use shelfproof::flow::create_product::create_product;
use shelfproof::flow::top_up_credit::top_up_credit;
use shelfproof::store;
use shelfproof_verifier::event::{Kind, Opening};
use sqlx::PgPool;

/// When everything happens, Unix milliseconds.
pub const NOW_MS: u64 = 1_790_000_000_000;

/// Who buys.
pub const ACCOUNT: AccountId = AccountId(id(1));
/// What.
pub const PRODUCT: ProductId = ProductId(id(2));
/// Where its keys came from.
pub const BATCH: BatchId = BatchId(id(3));
/// Two keys, delivered.
pub const DELIVERED: OrderId = OrderId(id(4));
/// Two keys, one of them paid back.
pub const PARTLY_REFUNDED: OrderId = OrderId(id(5));
/// No key.
pub const REFUSED: OrderId = OrderId(id(6));

/// Each key's slot and what happened to it after it was generated. The shelf's cursor is 5, its tail 9.
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

/// The id of that number.
const fn id(number: u128) -> sqlx::types::Uuid {
    sqlx::types::Uuid::from_u128(number)
}

/// A pool on that database of the cluster.
///
/// # Errors
/// Where the address cannot be read.
pub fn connect(postgres: &Postgres, database: &str) -> Result<PgPool> {
    let words = postgres.connection(database).replace(' ', "&");
    Ok(store::pool(store::options(&format!("postgres:///?{words}"))?, 4))
}

/// Prices and top-ups in fen.
#[must_use]
pub const fn cny(minor: i64) -> Money {
    Money {
        minor,
        currency: Currency::CNY,
    }
}

/// Fills a new database with a shop in which every rule holds: ten keys and three orders.
///
/// # Errors
/// The database's.
pub async fn fill(pool: &PgPool) -> Result<()> {
    store::migrate(pool).await?;
    create_account(pool, ACCOUNT, "shop-a", Role::Channel, NOW_MS).await?;
    create_product(pool, PRODUCT, "月卡", cny(990), NOW_MS).await?;
    top_up_credit(pool, ACCOUNT, cny(10_000), "bank-1", NOW_MS).await?;
    sqlx::query(
        "INSERT INTO shop.batches (id, product_id, name, supplier, wrapped_key, master, source, lines, imported, refused,
                                   activated, is_complete, created_at_ms)
         VALUES ($1, $2, 'one', '', '', 1, $3, 12, 10, 1, 8, true, 1)",
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
    let newest = head(no, links.last().ok_or("no event")?);
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
    sqlx::query(
        "INSERT INTO attest.events (key_no, version, before, kind, at_ms, key_id, prev, payload, salt, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
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
    .execute(pool)
    .await?;
    Ok(())
}

/// The orders, what they sold and what moved for them; the shelf as it stands then.
async fn insert_orders(pool: &PgPool) -> Result<()> {
    let orders = format!(
        "INSERT INTO shop.orders (id, account_id, state, reason, total_minor, currency, created_at_ms) VALUES
            ('{DELIVERED}', '{ACCOUNT}', 'delivered', NULL, 1980, 'CNY', 1),
            ('{PARTLY_REFUNDED}', '{ACCOUNT}', 'partially_refunded', NULL, 1980, 'CNY', 1),
            ('{REFUSED}', '{ACCOUNT}', 'refused', 'out_of_stock', 0, 'CNY', 1);
         INSERT INTO shop.order_lines SELECT id, 1, '{PRODUCT}', 2, 990 FROM shop.orders;
         INSERT INTO shop.idempotency SELECT account_id, id::text, sha256(''), id FROM shop.orders;
         INSERT INTO shop.sales (key_no, order_id, line, anchor_by_s, path, signature)
            SELECT no, CASE WHEN no <= 2 THEN '{DELIVERED}'::uuid ELSE '{PARTLY_REFUNDED}' END, 1, 1, '',
                   decode(repeat('00', 65), 'hex')
            FROM shop.keys WHERE no <= 4;
         INSERT INTO shop.ledger (from_wallet, to_wallet, amount_minor, kind, order_id, line, key_no, at_ms)
            SELECT credit.id, revenue.id, 1980, 'sale', orders.id, 1, NULL::bigint, 1
            FROM shop.wallets credit, shop.wallets revenue, shop.orders
            WHERE credit.kind = 'credit' AND revenue.kind = 'revenue' AND orders.reason IS NULL
            UNION ALL
            SELECT revenue.id, credit.id, 990, 'refund', '{PARTLY_REFUNDED}', 1, 3, 2
            FROM shop.wallets credit, shop.wallets revenue
            WHERE credit.kind = 'credit' AND revenue.kind = 'revenue';
         UPDATE shop.wallets SET balance_minor = CASE kind WHEN 'credit' THEN 7030 WHEN 'revenue' THEN 2970 ELSE -10000 END;
         UPDATE shop.pools SET cursor = 5, tail = 9, holes = 1"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(orders)).execute(pool).await?;
    Ok(())
}

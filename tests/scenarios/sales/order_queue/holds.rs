//! Keys in a hold: they are counted separately, neither sold nor withdrawn, and the checks report a broken hold.

use std::sync::Arc;

use alloy_primitives::B256;
use shelfproof::domain::delivery::OrderOutcome;
use shelfproof::domain::hold::HoldOwner;
use shelfproof::domain::id::{OrderId, ProductId};
use shelfproof::domain::order::RefusalReason;
use shelfproof::domain::product::Stock;
use shelfproof::flow::void::{VoidError, void_key};
use shelfproof::store::product::product_stock;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;

use super::shop::{Shop, delivered};
use super::{codes, place_all};

/// 2026-09-21 14:13:20 UTC.
const EXPIRES_AT_MS: i64 = 1_790_000_000_000;

/// Holds the next keys of a product for a claim: the pool's cursor moves past them.
pub(crate) async fn hold(shop: &Shop, product: ProductId, keys: i64, order: OrderId) -> Result<()> {
    sqlx::query(
        "WITH held AS (
             INSERT INTO shop.holds (pool_id, first_slot, end_slot, owner_kind, owner_id, expires_at_ms)
             SELECT pool_id, cursor, cursor + $2, 'claim', $3, $4
             FROM shop.stock JOIN shop.skus ON skus.id = sku_id WHERE product_id = $1
             RETURNING *
         )
         INSERT INTO shop.takes (pool_id, first_slot, end_slot, first_holes, end_holes, hold_id)
         SELECT pool_id, first_slot, end_slot, cursor_holes, cursor_holes, held.id FROM held JOIN shop.stock USING (pool_id)",
    )
    .bind(product.0)
    .bind(keys)
    .bind(order.0)
    .bind(EXPIRES_AT_MS)
    .execute(&shop.pool)
    .await?;
    Ok(())
}

/// Releases the holds of the shop's only product: their keys get new slots at the pool's tail.
async fn release(shop: &Shop) -> Result<()> {
    sqlx::raw_sql(
        "BEGIN;
         UPDATE shop.keys SET slot = tail + slot - first_slot FROM shop.holds JOIN shop.pools ON pools.id = pool_id
         WHERE slot >= first_slot AND slot < end_slot;
         UPDATE shop.pools SET tail = tail + end_slot - first_slot FROM shop.holds;
         UPDATE shop.holds SET state = 'released';
         COMMIT",
    )
    .execute(&shop.pool)
    .await?;
    Ok(())
}

async fn key_of_slot(shop: &Shop, slot: i64) -> Result<B256> {
    let id: Vec<u8> = sqlx::query_scalar("SELECT key_id FROM shop.keys WHERE slot = $1")
        .bind(slot)
        .fetch_one(&shop.pool)
        .await?;
    Ok(B256::try_from(id.as_slice())?)
}

/// Returns the number of available and of held keys of a product.
async fn stock(shop: &Shop, product: ProductId) -> Result<[i64; 2]> {
    let Stock { available, held, .. } = product_stock(&shop.pool, product).await?.ok_or("no product")?;
    Ok([available, held])
}

#[tokio::test(flavor = "multi_thread")]
async fn held_keys_are_neither_sold_nor_voided_until_they_are_released() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 5).await?;
    let order = shop.order(product, 1).id;
    hold(&shop, product, 2, order).await?;
    shop.assert_sound().await?;
    assert_eq!(stock(&shop, product).await?, [3, 2]);

    let held = key_of_slot(&shop, 2).await?;
    let refused = void_key(&shop.pool, &held, "leaked", now_ms()).await;
    let error = refused.err().ok_or("a held key was voided")?;
    assert!(
        matches!(&error, VoidError::Held(hold) if hold.owner == HoldOwner::Claim(order.0)),
        "{error:?}"
    );
    let text = format!("the key is held by claim {} until 2026-09-21 14:13:20 UTC", order.0);
    assert_eq!(error.to_string(), text);

    let (counter, _workers) = shop.counter(now_ms)?;
    let counter = Arc::new(counter);
    let orders = (0..4).map(|_| shop.order(product, 1)).collect();
    let (mut sold, mut refused) = (Vec::new(), Vec::new());
    for placed in place_all(&counter, orders).await? {
        match placed? {
            OrderOutcome::Delivered(delivered) => sold.extend(codes(&delivered)),
            OrderOutcome::Refused { reason, .. } => refused.push(reason),
        }
    }
    sold.sort();
    assert_eq!(sold, ["monthly-000002", "monthly-000003", "monthly-000004"]);
    assert_eq!(refused, [RefusalReason::OutOfStock]);
    shop.assert_sound().await?;
    assert_eq!(stock(&shop, product).await?, [0, 2]);

    release(&shop).await?;
    shop.assert_sound().await?;
    assert_eq!(stock(&shop, product).await?, [2, 0]);
    void_key(&shop.pool, &held, "leaked", now_ms()).await?;
    let last = delivered(counter.place(shop.order(product, 1)).await)?;
    assert_eq!(codes(&last), ["monthly-000000"]);
    shop.assert_sound().await?;
    assert_eq!(stock(&shop, product).await?, [0, 0]);
    Ok(())
}

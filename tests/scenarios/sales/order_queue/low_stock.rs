//! A stock that falls to its level is told of once, whatever takes its keys.

use std::sync::Arc;

use alloy_primitives::B256;
use serde_json::Value;
use shelfproof::domain::edit::Edit;
use shelfproof::flow::change_product::{Change, change_product};
use shelfproof::flow::query::product::list_products;
use shelfproof::flow::void::void_key;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;

use super::place_all;
use super::shop::{Shop, delivered};

/// How many keys were available at each message, the oldest first.
async fn told(shop: &Shop) -> Result<Vec<i64>> {
    let sql = "SELECT body::text FROM shop.outbox WHERE topic = 'product.stock_low' ORDER BY id";
    let bodies: Vec<String> = sqlx::query_scalar(sql).fetch_all(&shop.pool).await?;
    let available = bodies.iter().map(|body| {
        let body: Value = serde_json::from_str(body)?;
        Ok(body["available"].as_i64().ok_or("no number")?)
    });
    available.collect()
}

fn level(low_stock: Edit<u32>) -> Change {
    Change {
        low_stock,
        ..Change::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_is_told_of_once_for_each_fall_to_its_level() -> Result<()> {
    let shop = Shop::open(1_000_000).await?;
    let product = shop.product("monthly", 40).await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    let counter = Arc::new(counter);
    change_product(&shop.pool, product, 1, level(Edit::Set(10))).await?;
    let orders = (0..29).map(|_| shop.order(product, 1)).collect();
    for placed in place_all(&counter, orders).await? {
        delivered(placed)?;
    }
    assert_eq!(told(&shop).await?, [0; 0], "11 keys are above the level");
    let orders = (0..5).map(|_| shop.order(product, 1)).collect();
    for placed in place_all(&counter, orders).await? {
        delivered(placed)?;
    }
    let first = told(&shop).await?;
    assert!(first.len() == 1 && (6..=10).contains(&first[0]), "{first:?}");
    delivered(counter.place(shop.order(product, 2)).await)?;
    assert_eq!(told(&shop).await?, first, "it was low before");
    let listed = list_products(&shop.pool, None, None, 10).await?.rows;
    assert_eq!((listed[0].available, listed[0].is_low()), (4, true));

    // Above the level again, and down to it by a key that is voided.
    shop.stock(product, "more", 7).await?;
    assert!(!list_products(&shop.pool, None, None, 10).await?.rows[0].is_low());
    for slot in [47_i64, 46] {
        let sql = "SELECT key_id FROM shop.keys WHERE slot = $1";
        let key: Vec<u8> = sqlx::query_scalar(sql).bind(slot).fetch_one(&shop.pool).await?;
        void_key(&shop.pool, &B256::try_from(key.as_slice())?, "leaked", now_ms()).await?;
    }
    assert_eq!(told(&shop).await?, [first[0], 10]);
    // A higher level makes no new message of a stock that is low already, nor does another one that it is above.
    change_product(&shop.pool, product, 2, level(Edit::Set(20))).await?;
    change_product(&shop.pool, product, 3, level(Edit::Set(3))).await?;
    assert_eq!(told(&shop).await?, [first[0], 10]);
    change_product(&shop.pool, product, 4, level(Edit::Set(9))).await?;
    assert_eq!(told(&shop).await?, [first[0], 10, 9]);
    change_product(&shop.pool, product, 5, level(Edit::Remove)).await?;
    delivered(counter.place(shop.order(product, 9)).await)?;
    assert_eq!(told(&shop).await?, [first[0], 10, 9]);
    shop.assert_sound().await
}

//! What a batch costs does not grow: not while a long transaction keeps old row versions from being removed, and not behind
//! thousands of voided slots.

use std::time::Duration;

use alloy_primitives::B256;
use shelfproof::config;
use shelfproof::domain::delivery::OrderOutcome;
use shelfproof::domain::id::{AccountId, ProductId};
use shelfproof::domain::order::{Customer, NewOrder};
use shelfproof::flow::void::void_key;
use shelfproof::sale::OrderQueue;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;
use tokio::time::sleep;

use super::shop::{Shop, delivered};

/// Slots that are voided before the orders come.
const VOIDED: i64 = 200;

/// Lets one worker carry out `orders`, and waits until the server has counted what that read and wrote.
async fn with_worker(shop: &Shop, orders: impl AsyncFnOnce(OrderQueue) -> Result<()>) -> Result<()> {
    let backends = || async {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'";
        sqlx::query_scalar::<_, i64>(sql).fetch_one(&shop.pool).await
    };
    let before = backends().await?;
    let one = config::Sale {
        workers: 1,
        ..config::Sale::default()
    };
    let (queue, workers) = shop.counter_with(&one, now_ms)?;
    orders(queue).await?;
    workers.finish().await;
    // A server process counts at the latest when it ends.
    while backends().await? > before {
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// How often rows of a table were updated.
async fn updates(shop: &Shop, table: &str) -> Result<i64> {
    let sql = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE schemaname = 'shop' AND relname = $1";
    Ok(sqlx::query_scalar(sql).bind(table).fetch_one(&shop.pool).await?)
}

/// How many entries of the keys' index by slot were read.
async fn slots_read(shop: &Shop) -> Result<i64> {
    let sql = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'keys_slot'";
    Ok(sqlx::query_scalar(sql).fetch_one(&shop.pool).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_beside_a_long_transaction_update_no_shared_row() -> Result<()> {
    let shop = Shop::open(1_000_000).await?;
    let product = shop.product("monthly", 100).await?;
    let mut reader = shop.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    sqlx::query("SELECT FROM shop.pools").execute(&mut *reader).await?;
    let before = updates(&shop, "pools").await?;
    with_worker(&shop, async |queue| {
        for _ in 0..60 {
            delivered(queue.place(shop.order(product, 1)).await)?;
        }
        Ok(())
    })
    .await?;
    assert_eq!(updates(&shop, "pools").await?, before);
    reader.rollback().await?;
    shop.assert_sound().await
}

/// Voids the keys in the slots from `first`, in that order or from the last on.
async fn void(shop: &Shop, product: ProductId, slots: impl Iterator<Item = i64>) -> Result<()> {
    for slot in slots {
        let sql =
            "SELECT key_id FROM shop.keys JOIN shop.batches ON batches.id = batch_id JOIN shop.skus ON skus.id = sku_id
                   WHERE product_id = $1 AND slot = $2";
        let id: Vec<u8> = sqlx::query_scalar(sql)
            .bind(product.0)
            .bind(slot)
            .fetch_one(&shop.pool)
            .await?;
        void_key(&shop.pool, &B256::try_from(id.as_slice())?, "leaked", now_ms()).await?;
    }
    Ok(())
}

/// Places orders that are refused: for more keys than there are, and for some that nobody pays.
async fn refused(shop: &Shop, product: ProductId) -> Result<()> {
    let stranger = Customer::Account(AccountId::new(now_ms(), [9; 10]));
    with_worker(shop, async |queue| {
        for _ in 0..10 {
            let too_many = shop.order(product, 80);
            let unpaid = NewOrder {
                customer: stranger,
                ..shop.order(product, 2)
            };
            for order in [too_many, unpaid] {
                let OrderOutcome::Refused { .. } = queue.place(order).await? else {
                    return Err("it was sold".into());
                };
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn voided_slots_are_walked_once() -> Result<()> {
    let shop = Shop::open(50_000).await?;
    // Between two keys; before every key, voided from the front and from the back; and behind the last.
    for (name, voided) in [
        ("between", (2..VOIDED + 2).collect::<Vec<_>>()),
        ("front", (1..=VOIDED).collect()),
        ("back", (1..=VOIDED).rev().collect()),
        ("all", (1..=VOIDED + 10).rev().collect()),
    ] {
        let product = shop.product(name, 210).await?;
        void(&shop, product, voided.into_iter()).await?;
        let before = slots_read(&shop).await?;
        refused(&shop, product).await?;
        let walked = slots_read(&shop).await? - before;
        assert!(
            walked < VOIDED,
            "{name}: {walked} slots read by orders that were refused"
        );
        if name == "all" {
            continue;
        }
        with_worker(&shop, async |queue| {
            for _ in 0..5 {
                delivered(queue.place(shop.order(product, 1)).await)?;
            }
            Ok(())
        })
        .await?;
        let walked = slots_read(&shop).await? - before;
        assert!(
            walked < 2 * VOIDED,
            "{name}: {walked} slots read by twenty refused orders and five sales"
        );
        shop.assert_sound().await?;
    }
    Ok(())
}

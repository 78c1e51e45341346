//! Several accounts at the same time: an account that sends more orders than the shop can sell delays only itself.

use std::sync::Arc;
use std::time::Duration;

use shelfproof::config;
use shelfproof::domain::account::Role;
use shelfproof::domain::id::{AccountId, OrderId};
use shelfproof::domain::order::{Customer, NewOrder};
use shelfproof::flow::create_account::create_account;
use shelfproof::flow::top_up_credit::top_up_credit;
use shelfproof::sale::{OrderQueue, PlaceError};
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;
use tokio::time::{sleep, timeout};

use super::shop::{Shop, delivered, yuan};
use super::turns::wait_for_waiter;

fn settings() -> config::Sale {
    config::Sale {
        workers: 1,
        batch_max: 4,
        lane_max: 8,
        queue_max: 16,
        // Longer than the test holds a lock.
        lock_wait_ms: 5_000,
        ..config::Sale::default()
    }
}

/// How long an order may take that nothing delays.
const BOUND: Duration = Duration::from_secs(10);

/// Creates another account, with credit.
async fn channel(shop: &Shop) -> Result<Customer> {
    let account = AccountId::new(now_ms(), [2; 10]);
    create_account(&shop.pool, account, "quiet", Role::Reseller, now_ms()).await?;
    top_up_credit(&shop.pool, account, yuan(10_000), "second", now_ms()).await?;
    Ok(Customer::Account(account))
}

/// Waits until that many orders are waiting.
async fn wait_for(counter: &OrderQueue, waiting: usize) -> Result<()> {
    timeout(BOUND, async {
        while counter.waiting() != waiting {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .map_err(|_| format!("{} orders wait, not {waiting}", counter.waiting()).into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_s_storm_fills_its_own_lane() -> Result<()> {
    let shop = Shop::open(1_000_000).await?;
    let product = shop.product("monthly", 40).await?;
    let quiet = channel(&shop).await?;
    let (counter, _workers) = shop.counter_with(&settings(), now_ms)?;
    let counter = Arc::new(counter);
    let place = |order: NewOrder| {
        let counter = Arc::clone(&counter);
        tokio::spawn(async move { counter.place(order).await })
    };
    // The first batch waits for the pool's lock, and later orders wait in the lanes of their accounts.
    let mut holder = shop.pool.begin().await?;
    sqlx::query("SELECT FROM shop.pools FOR UPDATE")
        .execute(&mut *holder)
        .await?;
    let mut storm = vec![place(shop.order(product, 1))];
    wait_for_waiter(&shop.pool).await?;
    storm.extend((0..8).map(|_| place(shop.order(product, 1))));
    wait_for(&counter, 8).await?;
    assert_eq!(
        counter.place(shop.order(product, 1)).await.unwrap_err(),
        PlaceError::Busy
    );

    let order = NewOrder {
        id: OrderId::of_request(&quiet, "quiet"),
        customer: quiet,
        ..shop.order(product, 1)
    };
    let served = place(order.clone());
    wait_for(&counter, 9).await?;
    holder.rollback().await?;
    delivered(timeout(BOUND, served).await??)?;
    for stormed in storm {
        delivered(timeout(BOUND, stormed).await??)?;
    }
    // It was sold in its turn: with the first waiting orders of the busy account, not after the last.
    let before = "SELECT count(*) FROM shop.orders WHERE batch_id < (SELECT batch_id FROM shop.orders WHERE id = $1)";
    let before: i64 = sqlx::query_scalar(before)
        .bind(order.id.0)
        .fetch_one(&shop.pool)
        .await?;
    assert_eq!(before, 1, "orders in batches before its own");
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_no_more_keys_than_it_may() -> Result<()> {
    let shop = Shop::open(10_000_000).await?;
    let product = shop.product("monthly", 500).await?;
    let few_keys = config::Sale {
        batch_max: 64,
        batch_keys_max: 100,
        lane_max: 64,
        queue_max: 64,
        ..settings()
    };
    let (counter, _workers) = shop.counter_with(&few_keys, now_ms)?;
    let counter = Arc::new(counter);
    let orders = (0..10).map(|_| shop.order(product, 40)).collect();
    for placed in super::place_all(&counter, orders).await? {
        delivered(placed)?;
    }
    let most = "SELECT max(keys) FROM (SELECT count(*) AS keys FROM attest.events WHERE kind = 3 GROUP BY xid) batches";
    let most: i64 = sqlx::query_scalar(most).fetch_one(&shop.pool).await?;
    assert!(most <= 100, "{most} keys in one batch");
    shop.assert_sound().await
}

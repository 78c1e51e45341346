//! Faults of one product or one account: its orders wait or fail, and the others are sold.

use std::sync::Arc;
use std::time::Duration;

use alloy_primitives::B256;
use shelfproof::config;
use shelfproof::domain::account::Role;
use shelfproof::domain::delivery::OrderOutcome;
use shelfproof::domain::id::{AccountId, ProductId};
use shelfproof::domain::order::{Customer, NewOrder, RefusalReason};
use shelfproof::flow::change_product::{Change, change_product};
use shelfproof::flow::create_account::create_account;
use shelfproof::flow::top_up_credit::top_up_credit;
use shelfproof::flow::void::void_key;
use shelfproof::sale::{OrderQueue, PlaceError, Workers};
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;
use sqlx::{PgPool, Postgres, Transaction};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::shop::{Shop, delivered, yuan};
use super::turns::wait_for_waiter;
use super::{codes, place_all};

type Placed = std::result::Result<OrderOutcome, PlaceError>;

/// The number of orders for the product or account without a fault.
const NEIGHBOURS: usize = 30;

/// A queue with one worker, so that its batches follow each other.
pub(crate) fn one_worker(shop: &Shop) -> Result<(Arc<OrderQueue>, Workers)> {
    with_lock_wait(shop, config::Sale::default().lock_wait_ms)
}

fn with_lock_wait(shop: &Shop, lock_wait_ms: u64) -> Result<(Arc<OrderQueue>, Workers)> {
    let settings = config::Sale {
        workers: 1,
        lock_wait_ms,
        ..config::Sale::default()
    };
    let (queue, workers) = shop.counter_with(&settings, now_ms)?;
    Ok((Arc::new(queue), workers))
}

pub(crate) fn place(queue: &Arc<OrderQueue>, order: NewOrder) -> JoinHandle<Placed> {
    let queue = Arc::clone(queue);
    tokio::spawn(async move { queue.place(order).await })
}

pub(crate) async fn lock_pool(pool: &PgPool, product: ProductId) -> Result<Transaction<'static, Postgres>> {
    let mut holder = pool.begin().await?;
    sqlx::query("SELECT FROM shop.pools JOIN shop.skus ON skus.id = sku_id WHERE product_id = $1 FOR UPDATE OF pools")
        .bind(product.0)
        .execute(&mut *holder)
        .await?;
    Ok(holder)
}

/// Another reseller, with credit.
async fn other_account(shop: &Shop) -> Result<AccountId> {
    let account = AccountId::new(now_ms(), [7; 10]);
    create_account(&shop.pool, account, "other", Role::Reseller, now_ms()).await?;
    top_up_credit(&shop.pool, account, yuan(1_000_000), "other", now_ms()).await?;
    Ok(account)
}

pub(crate) async fn count(pool: &PgPool, sql: &'static str) -> Result<i64> {
    Ok(sqlx::query_scalar(sql).fetch_one(pool).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_does_not_open_holds_back_its_product_alone() -> Result<()> {
    let shop = Shop::open(10_000_000).await?;
    let (broken, well) = (
        shop.product("broken", 5).await?,
        shop.product("well", NEIGHBOURS).await?,
    );
    let key: (i64, Vec<u8>) = sqlx::query_as("SELECT key_no, sealed FROM shop.goods ORDER BY key_no LIMIT 1")
        .fetch_one(&shop.pool)
        .await?;
    // Done without the trigger that keeps goods unchanged.
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "BEGIN; SET LOCAL session_replication_role = replica;
         UPDATE shop.goods SET sealed = sealed || 'x' WHERE key_no = {}; COMMIT",
        key.0
    )))
    .execute(&shop.pool)
    .await?;
    let (queue, _workers) = one_worker(&shop)?;
    // Orders for the two products alternate, so that every batch has some for the broken one.
    let orders = (0..NEIGHBOURS).flat_map(|_| [shop.order(broken, 1), shop.order(well, 1)]);
    let placed = place_all(&queue, orders.collect()).await?;
    for pair in placed.chunks(2) {
        assert_eq!(pair[0].as_ref().err(), Some(&PlaceError::Stalled));
        delivered(pair[1].clone())?;
    }
    // If a batch had been halved down to single orders, there would be a batch for each order.
    let batches = count(&shop.pool, "SELECT count(*) FROM attest.sale_batches").await?;
    assert!(batches <= 10, "{batches} batches for {NEIGHBOURS} orders");
    assert_eq!(
        count(&shop.pool, "SELECT count(*) FROM shop.orders WHERE state = 'abnormal'").await?,
        0
    );

    // Its key is withdrawn; the next one is sold when the pause is over.
    let key_id: Vec<u8> = sqlx::query_scalar("SELECT key_id FROM shop.keys WHERE no = $1")
        .bind(key.0)
        .fetch_one(&shop.pool)
        .await?;
    void_key(&shop.pool, &B256::from_slice(&key_id), "damaged", now_ms()).await?;
    let order = shop.order(broken, 1);
    let sold = loop {
        match queue.place(order.clone()).await {
            Err(PlaceError::Stalled) => sleep(Duration::from_millis(100)).await,
            placed => break delivered(placed)?,
        }
    };
    assert_eq!(codes(&sold), ["broken-000001"]);
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_a_locked_pool_are_parked_and_the_others_go_on() -> Result<()> {
    let shop = Shop::open(10_000_000).await?;
    let (locked, free) = (
        shop.product("locked", 100).await?,
        shop.product("free", NEIGHBOURS).await?,
    );
    let (queue, _workers) = one_worker(&shop)?;
    let holder = lock_pool(&shop.pool, locked).await?;
    let parked: Vec<_> = (0..100).map(|_| place(&queue, shop.order(locked, 1))).collect();
    wait_for_waiter(&shop.pool).await?;
    for _ in 0..NEIGHBOURS {
        delivered(queue.place(shop.order(free, 1)).await)?;
    }
    assert!(parked.iter().all(|order| !order.is_finished()));
    holder.rollback().await?;
    for order in parked {
        delivered(order.await?)?;
    }
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_answered_whatever_trouble_its_product_is_in() -> Result<()> {
    let shop = Shop::open(10_000).await?;
    let product = shop.product("monthly", 5).await?;
    let (queue, _workers) = one_worker(&shop)?;
    let order = shop.order(product, 1);
    let sold = delivered(queue.place(order.clone()).await)?;
    let _holder = lock_pool(&shop.pool, product).await?;
    let parked = place(&queue, shop.order(product, 1));
    while queue.waiting() == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(codes(&delivered(queue.place(order).await)?), codes(&sold));
    assert!(!parked.is_finished());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_waits_too_long_for_a_lock_comes_back() -> Result<()> {
    let shop = Shop::open(10_000).await?;
    let product = shop.product("locked", 1).await?;
    let (queue, _workers) = one_worker(&shop)?;
    let holder = lock_pool(&shop.pool, product).await?;
    let order = shop.order(product, 1);
    assert_eq!(queue.place(order.clone()).await.err(), Some(PlaceError::Stalled));
    holder.rollback().await?;
    delivered(queue.place(order).await)?;
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_a_locked_wallet_are_parked_and_other_accounts_go_on() -> Result<()> {
    let shop = Shop::open(1_000_000).await?;
    let product = shop.product("monthly", 100 + NEIGHBOURS).await?;
    let other = Customer::Account(other_account(&shop).await?);
    let (queue, _workers) = one_worker(&shop)?;
    let mut holder = shop.pool.begin().await?;
    sqlx::query("SELECT FROM shop.wallets WHERE account_id = $1 FOR UPDATE")
        .bind(shop.account.0)
        .execute(&mut *holder)
        .await?;
    let parked: Vec<_> = (0..100).map(|_| place(&queue, shop.order(product, 1))).collect();
    wait_for_waiter(&shop.pool).await?;
    for _ in 0..NEIGHBOURS {
        let order = NewOrder {
            customer: other,
            ..shop.order(product, 1)
        };
        delivered(queue.place(order).await)?;
    }
    assert!(parked.iter().all(|order| !order.is_finished()));
    holder.rollback().await?;
    for order in parked {
        delivered(order.await?)?;
    }
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_price_is_the_one_after_the_lock() -> Result<()> {
    let shop = Shop::open(10_000).await?;
    let (dearer, closed) = (shop.product("dearer", 1).await?, shop.product("closed", 1).await?);
    // Longer than the test holds the lock, so that one statement waits the whole time.
    let (queue, _workers) = with_lock_wait(&shop, 5_000)?;
    let cases = [
        (
            dearer,
            "UPDATE shop.skus SET price_minor = 1000 WHERE product_id = $1",
            RefusalReason::PriceChanged,
        ),
        (
            closed,
            "UPDATE shop.products SET on_sale = false WHERE id = $1",
            RefusalReason::ProductClosed,
        ),
    ];
    for (product, change, expected) in cases {
        let mut order = shop.order(product, 1);
        order.lines[0].price = Some("9.90".to_owned());
        let mut holder = lock_pool(&shop.pool, product).await?;
        let waiting = place(&queue, order);
        wait_for_waiter(&shop.pool).await?;
        sqlx::query(change).bind(product.0).execute(&mut *holder).await?;
        holder.commit().await?;
        match waiting.await?? {
            OrderOutcome::Refused { reason, .. } => assert_eq!(reason, expected),
            OrderOutcome::Delivered(_) => panic!("sold as it was before the change"),
        }
    }
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_acknowledged_after_the_batches_that_did_not_see_it() -> Result<()> {
    let shop = Shop::open(10_000).await?;
    let product = shop.product("closed", 1).await?;
    let batch = lock_pool(&shop.pool, product).await?;
    let close = Change {
        on_sale: Some(false),
        ..Change::default()
    };
    let pool = shop.pool.clone();
    let change = tokio::spawn(async move { change_product(&pool, product, 1, close).await });
    wait_for_waiter(&shop.pool).await?;
    assert!(!change.is_finished());
    batch.rollback().await?;
    assert!(!change.await??.on_sale);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_caller_left_is_not_placed() -> Result<()> {
    let shop = Shop::open(10_000).await?;
    let (locked, free) = (shop.product("locked", 5).await?, shop.product("free", 5).await?);
    let (queue, _workers) = with_lock_wait(&shop, 5_000)?;
    let holder = lock_pool(&shop.pool, locked).await?;
    let waiting = place(&queue, shop.order(locked, 1));
    wait_for_waiter(&shop.pool).await?;
    // The only worker waits for the lock, so this order is still in the inbox when its caller leaves.
    let gone = place(&queue, shop.order(free, 1));
    while queue.waiting() == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    gone.abort();
    assert!(gone.await.is_err_and(|error| error.is_cancelled()));
    holder.rollback().await?;
    delivered(waiting.await?)?;
    assert_eq!(
        codes(&delivered(queue.place(shop.order(free, 1)).await)?),
        ["free-000000"]
    );
    assert_eq!(count(&shop.pool, "SELECT count(*) FROM shop.orders").await?, 2);
    Ok(())
}

//! The cost of a batch does not grow: neither while a long transaction keeps old row versions from being removed, nor
//! after thousands of withdrawn slots. The check of the accounts is not such a transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use alloy_primitives::B256;
use shelfproof::config;
use shelfproof::domain::delivery::OrderOutcome;
use shelfproof::domain::id::{AccountId, ProductId};
use shelfproof::domain::money::{Currency, Money};
use shelfproof::domain::order::{Customer, NewOrder};
use shelfproof::flow::check::check_with_progress;
use shelfproof::flow::refund::refund_item;
use shelfproof::flow::top_up_credit::top_up_credit;
use shelfproof::flow::void::void_key;
use shelfproof::sale::OrderQueue;
use shelfproof::store::check::RULES;
use shelfproof::store::transfer::movement_list;
use shelfproof::store::wallet::wallet_list;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;
use sqlx::Connection;
use tokio::time::sleep;

use super::place_all;
use super::shop::{Shop, delivered};

/// The number of slots that are withdrawn before the orders come.
const VOIDED: i64 = 200;

/// Lets one worker carry out `orders`, and waits until the server has counted the rows that it read and wrote.
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
    // A server process reports its counts when it ends, at the latest.
    while backends().await? > before {
        sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Makes the server count what the connections of the shop's pool have read and written so far; all of them must be idle.
async fn count(shop: &Shop) -> Result<()> {
    let mut connections = Vec::new();
    // The pool opens another connection while one is on its way back to it, so its size is asked for again each time.
    while connections.len() < shop.pool.size() as usize {
        connections.push(shop.pool.acquire().await?);
    }
    for connection in &mut connections {
        sqlx::query("SELECT pg_stat_force_next_flush()")
            .execute(&mut **connection)
            .await?;
    }
    Ok(())
}

/// Returns how often rows of a table were updated.
async fn updates(shop: &Shop, table: &str) -> Result<i64> {
    count(shop).await?;
    let sql = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE schemaname = 'shop' AND relname = $1";
    Ok(sqlx::query_scalar(sql).bind(table).fetch_one(&shop.pool).await?)
}

/// Returns how many rows of takes and ledger entries were read.
async fn chain_read(shop: &Shop) -> Result<i64> {
    count(shop).await?;
    let sql = "SELECT sum(idx_tup_read + seq_tup_read)::bigint
               FROM (SELECT relid, sum(idx_tup_read) AS idx_tup_read FROM pg_stat_user_indexes GROUP BY relid) of_indexes
               JOIN pg_stat_user_tables USING (relid)
               WHERE relname IN ('takes', 'ledger_entries')";
    Ok(sqlx::query_scalar(sql).fetch_one(&shop.pool).await?)
}

/// Returns how many entries were read in the index of keys by slot.
async fn slots_read(shop: &Shop) -> Result<i64> {
    count(shop).await?;
    let sql = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'keys_slot'";
    Ok(sqlx::query_scalar(sql).fetch_one(&shop.pool).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_beside_a_long_transaction_update_no_shared_row() -> Result<()> {
    let shop = Shop::open(1_000_000).await?;
    let product = shop.product("monthly", 100).await?;
    // Out of the pool, which `count` takes whole, once what it wrote so far is counted.
    count(&shop).await?;
    let mut connection = shop.pool.acquire().await?.detach();
    let mut reader = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    sqlx::query("SELECT FROM shop.pools").execute(&mut *reader).await?;
    let before = [updates(&shop, "pools").await?, updates(&shop, "wallets").await?];
    let mut read = vec![chain_read(&shop).await?];
    for _ in 0..3 {
        with_worker(&shop, async |queue| {
            for _ in 0..30 {
                delivered(queue.place(shop.order(product, 1)).await)?;
            }
            Ok(())
        })
        .await?;
        read.push(chain_read(&shop).await?);
    }
    let of_thirty: Vec<i64> = read.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(
        of_thirty[2] <= of_thirty[0] + 30,
        "rows of the chains read: {of_thirty:?}"
    );
    assert_eq!(
        [updates(&shop, "pools").await?, updates(&shop, "wallets").await?],
        before
    );
    reader.rollback().await?;
    shop.assert_sound().await
}

/// The list of an account's unused wallet reads none of the account's many orders in another currency.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_a_quiet_wallet_does_not_read_the_busy_one_s_orders() -> Result<()> {
    let shop = Shop::open(1_000_000).await?;
    let dollars = Money {
        minor: 500,
        currency: Currency::USD,
    };
    top_up_credit(&shop.pool, shop.account, dollars, "dollars", now_ms()).await?;
    let product = shop.product("monthly", 400).await?;
    let (queue, _workers) = shop.counter(now_ms)?;
    let queue = Arc::new(queue);
    // No more at once than may wait for one account.
    for _ in 0..2 {
        for placed in place_all(&queue, (0..200).map(|_| shop.order(product, 1)).collect()).await? {
            delivered(placed)?;
        }
    }
    sqlx::query("ANALYZE").execute(&shop.pool).await?;
    let read = "SELECT (coalesce(idx_tup_fetch, 0) + seq_tup_read)::bigint FROM pg_stat_xact_user_tables
                WHERE schemaname = 'shop' AND relname = 'orders'";
    let mut transaction = shop.pool.begin().await?;
    let wallets = wallet_list(&mut *transaction, shop.account).await?;
    let wallet = wallets
        .iter()
        .find(|wallet| wallet.balance == dollars)
        .ok_or("no dollars")?;
    let before: i64 = sqlx::query_scalar(read).fetch_one(&mut *transaction).await?;
    let movements = movement_list(&mut *transaction, wallet, None, 20).await?;
    let after: i64 = sqlx::query_scalar(read).fetch_one(&mut *transaction).await?;
    assert_eq!(movements.len(), 1);
    assert_eq!(after - before, 0, "orders were read");
    transaction.rollback().await?;
    shop.assert_sound().await
}

/// Withdraws the keys in these slots, in this order.
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

/// Places orders that are refused: for more keys than there are, and without enough credit.
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
    // Between two keys; before every key, withdrawn from the first or from the last on; and after the last.
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

/// Returns the sessions that hold a snapshot. A check that held one would be seen while it waits in its transaction.
fn snapshots(shop: &Shop) -> Result<String> {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND backend_xmin IS NOT NULL";
    shop.postgres.psql(&shop.database, sql)
}

/// The orders that are placed while checks run, unless those end before.
const ORDERS: usize = 3_000;

#[tokio::test(flavor = "multi_thread")]
async fn the_check_keeps_no_snapshot_and_raises_no_alarm_while_orders_are_placed() -> Result<()> {
    let shop = Arc::new(Shop::open(10_000_000).await?);
    let product = shop.product("monthly", 2 * ORDERS).await?;
    let (queue, _workers) = shop.counter(now_ms)?;
    let checked = Arc::new(AtomicBool::new(false));
    let selling = tokio::spawn({
        let (shop, checked) = (Arc::clone(&shop), Arc::clone(&checked));
        async move {
            for number in 0..ORDERS {
                if checked.load(Ordering::Relaxed) {
                    break;
                }
                let sold = delivered(queue.place(shop.order(product, 2)).await).map_err(|error| error.to_string())?;
                if number % 10 == 0 {
                    let refunded = refund_item(&shop.pool, sold.order, 1, "broken", now_ms()).await;
                    refunded.map_err(|error| error.to_string())?;
                }
            }
            Ok::<_, String>(())
        }
    });
    let mut kept = Vec::new();
    for _ in 0..2 {
        let findings = check_with_progress(&shop.pool, |_| kept.push(snapshots(&shop).unwrap_or_default())).await?;
        assert_eq!(findings, []);
        assert!(!selling.is_finished(), "all was sold before the checks ended");
    }
    checked.store(true, Ordering::Relaxed);
    selling.await??;
    assert!(
        kept.len() > RULES.len() && kept.iter().all(|count| count == "0"),
        "{kept:?}"
    );
    shop.assert_sound().await
}

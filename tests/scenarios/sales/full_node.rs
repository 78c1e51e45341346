//! A node that has reached its limit of requests is alive, and recovers. One account's orders alone do not fill it.

use std::time::Duration;

use shelfproof_tests::Result;
use shelfproof_tests::client::{Client, Gone};
use shelfproof_tests::shop::{CURRENCY, PRICE, Reseller, Settings, TestShop, codes, order_of};
use shelfproof_tests::vector_chain::block_on;
use sqlx::{Connection, PgConnection};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How long it may take until an order waits for the lock, or until the node is full.
const BOUND: Duration = Duration::from_secs(20);

/// How often the node is filled, if an order is given up before it is full: an order is not kept waiting for more than
/// five seconds, and a machine under load may need longer for all the requests.
const TRIES: usize = 5;

/// One order in a batch, and one of each account that waits: the least number of requests is one more than that. A batch
/// waits for a lock longer than the test holds it.
const BOUNDS: &str = "workers = 1\nbatch_max = 1\nlane_max = 1\nlock_wait_ms = 5000";
const REQUESTS: &str = "requests_max = 3";

#[test]
fn a_node_that_is_full_answers_the_load_balancer() -> Result<()> {
    let none_yet = Settings {
        nodes: 0,
        ..Settings::default()
    };
    let mut shop = TestShop::start(&none_yet)?;
    shop.configure_in("http", REQUESTS)?;
    shop.configure_in("sale", BOUNDS)?;
    shop.add_node()?;
    let product = shop.product(PRICE, CURRENCY)?;
    shop.stock(&product, &codes("few", 3 * TRIES))?;
    let resellers = [shop.reseller()?, shop.reseller()?];
    for reseller in &resellers {
        shop.credit(reseller, "100.00", CURRENCY)?;
    }
    for number in 0..TRIES {
        if block_on(fill(&shop, &product, &resellers, number))?? {
            return Ok(());
        }
    }
    Err("the orders were given up before the node was full".into())
}

type Status = std::result::Result<u16, Gone>;

/// Sends an order that will wait.
fn order(shop: &TestShop, reseller: &Reseller, product: &str, key: String) -> Result<JoinHandle<Status>> {
    let mut buyer = Client::new(shop.address(0), &reseller.token)?;
    let body = order_of(product);
    Ok(tokio::spawn(async move {
        buyer.order(&key, body).await.map(|answer| answer.status)
    }))
}

/// Waits until so many orders wait for a batch, or the one in a batch is given up.
async fn until_waiting(metrics: &mut Client, orders: usize, in_batch: &JoinHandle<Status>) -> Result<()> {
    let line = format!("shelfproof_queue_orders {orders}\n");
    timeout(BOUND, async {
        while !metrics.get("/metrics").await?.text().contains(&line) && !in_batch.is_finished() {
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    })
    .await?
}

/// Fills the node, and looks at its answers. Returns `false` if an order was given up before the node was full.
async fn fill(shop: &TestShop, product: &str, [loud, quiet]: &[Reseller; 2], number: usize) -> Result<bool> {
    let mut holder = PgConnection::connect(&shop.postgres.connection_url(&shop.database)).await?;
    sqlx::raw_sql("BEGIN; SELECT FROM shop.pools FOR UPDATE")
        .execute(&mut holder)
        .await?;
    let in_batch = order(shop, loud, product, format!("in-batch-{number}"))?;
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted";
    timeout(BOUND, async {
        while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut holder).await? == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        Ok::<_, sqlx::Error>(())
    })
    .await??;

    // The account's second order waits, its third is told to come back, and others find a place.
    let in_lane = order(shop, loud, product, format!("in-lane-{number}"))?;
    let mut metrics = Client::new(shop.metrics(0).ok_or("no address for metrics")?, "")?;
    until_waiting(&mut metrics, 1, &in_batch).await?;
    if in_batch.is_finished() {
        return Ok(false);
    }
    let busy = shop
        .client(&loud.token)?
        .order(&format!("too-many-{number}"), order_of(product))
        .await?;
    assert_eq!(busy.expect(503)?["code"], "busy");
    assert!(busy.headers.contains_key("retry-after"), "{:?}", busy.headers);
    let mut client = shop.client(&shop.admin)?;
    client.get("/api/v1/products").await?.expect(200)?;

    // With an order of another account the node is full. Nothing else is asked until that order waits: a request that
    // is still being answered would take the order's place.
    let other = order(shop, quiet, product, format!("other-{number}"))?;
    until_waiting(&mut metrics, 2, &in_batch).await?;
    let answer = client.get("/api/v1/products").await?;
    assert!(answer.status == 503 || in_batch.is_finished(), "{}", answer.status);
    client.get("/healthz").await?.expect(200)?;
    client.get("/readyz").await?.expect(200)?;
    let is_full = !in_batch.is_finished();
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await?;
    for order in [in_batch, in_lane, other] {
        let status = order.await??;
        assert!(status == 201 || !is_full, "{status}");
    }
    Ok(is_full)
}

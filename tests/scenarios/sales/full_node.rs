//! A node that has reached its limit of requests is alive, and recovers.

use std::fs;
use std::time::Duration;

use shelfproof_tests::shop::{CURRENCY, PRICE, Settings, TestShop, codes, order_of};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, client::Client};
use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};

/// How long the order may take until it waits for the lock.
const BOUND: Duration = Duration::from_secs(20);

#[test]
fn a_node_that_is_full_answers_the_load_balancer() -> Result<()> {
    let none_yet = Settings {
        nodes: 0,
        ..Settings::default()
    };
    let mut shop = TestShop::start(&none_yet)?;
    let file = shop.folder().join("shelfproof.toml");
    let config = fs::read_to_string(&file)?.replacen("[http]", "[http]\nrequests_max = 1", 1);
    fs::write(file, config)?;
    shop.add_node()?;
    let product = shop.product(PRICE, CURRENCY)?;
    shop.stock(&product, &codes("only", 1))?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, PRICE, CURRENCY)?;
    block_on(fill(&shop, &product, &reseller.token))?
}

async fn fill(shop: &TestShop, product: &str, token: &str) -> Result<()> {
    let mut holder = PgConnection::connect(&shop.postgres.connection_url(&shop.database)).await?;
    sqlx::raw_sql("BEGIN; SELECT FROM shop.pools FOR UPDATE")
        .execute(&mut holder)
        .await?;
    let mut buyer = Client::new(shop.address(0), token)?;
    let body = order_of(product);
    let order = tokio::spawn(async move { buyer.order("waits", body).await });
    // While the order waits for the pool, it occupies the node's only place.
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted";
    timeout(BOUND, async {
        while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut holder).await? == 0 {
            sleep(Duration::from_millis(5)).await;
        }
        Ok::<_, sqlx::Error>(())
    })
    .await??;
    let mut client = shop.client(&shop.admin)?;
    client.get("/api/v1/products").await?.expect(503)?;
    client.get("/healthz").await?.expect(200)?;
    client.get("/readyz").await?.expect(200)?;
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await?;
    order.await??.expect(201)?;
    Ok(())
}

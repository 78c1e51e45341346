//! A batch that waits for a lock does not hold up the batches of other products.

use std::sync::Arc;
use std::time::Duration;

use shelfproof_base::clock::now_ms;
use shelfproof_tests::{Result, permit};
use sqlx::PgPool;
use tokio::time::{sleep, timeout};

use super::shop::{Shop, delivered};

/// How long the other product's sale may take: less than a batch waits for a lock before it gives up.
const SALE_BOUND: Duration = Duration::from_secs(3);

/// Waits until a session waits for a lock.
pub(crate) async fn wait_for_waiter(pool: &PgPool) -> Result<()> {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    for _ in 0..200 {
        if sqlx::query_scalar::<_, i64>(waiting).fetch_one(pool).await? > 0 {
            return Ok(());
        }
        sleep(Duration::from_millis(10)).await;
    }
    Err("nobody waits for the lock".into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_is_locked_does_not_stop_the_others() -> Result<()> {
    // The time limit on a sale is only a few seconds.
    let _alone = permit::alone()?;
    let shop = Shop::open(1_000_000).await?;
    let (locked, free) = (shop.product("locked", 5).await?, shop.product("free", 5).await?);
    let (counter, _workers) = shop.counter(now_ms)?;
    let counter = Arc::new(counter);
    let mut holder = shop.pool.begin().await?;
    sqlx::query("SELECT FROM shop.pools JOIN shop.skus ON skus.id = sku_id WHERE product_id = $1 FOR UPDATE OF pools")
        .bind(locked.0)
        .execute(&mut *holder)
        .await?;

    let order = shop.order(locked, 1);
    let waiting = tokio::spawn({
        let counter = Arc::clone(&counter);
        async move { counter.place(order).await }
    });
    wait_for_waiter(&shop.pool).await?;
    delivered(timeout(SALE_BOUND, counter.place(shop.order(free, 1))).await?)?;
    assert!(!waiting.is_finished());

    holder.rollback().await?;
    delivered(waiting.await?)?;
    shop.assert_sound().await
}

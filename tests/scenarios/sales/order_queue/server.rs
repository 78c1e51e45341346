//! Faults of the database server: no order is refused because of them, no worker stops, and nothing that was
//! acknowledged is lost.

use std::process::Command;
use std::time::Duration;

use shelfproof::sale::PlaceError;
use shelfproof_tests::Result;
use tokio::time::sleep;

use super::codes;
use super::shop::{Shop, delivered};
use super::trouble::{count, one_worker, place};

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_database_makes_no_order_abnormal() -> Result<()> {
    let shop = Shop::open(10_000).await?;
    let product = shop.product("monthly", 5).await?;
    let (queue, _workers) = one_worker(&shop)?;
    // Class 42 occurs after a manual migration, class 58 if a file cannot be written, and class XX if a page is
    // damaged.
    for code in ["42P01", "58030", "XX001"] {
        let raise = format!(
            "CREATE OR REPLACE FUNCTION shop.fail() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'no such luck' USING ERRCODE = '{code}'; END $$"
        );
        let begin = "CREATE TRIGGER fails BEFORE INSERT ON attest.events EXECUTE FUNCTION shop.fail()";
        sqlx::raw_sql(sqlx::AssertSqlSafe(raise)).execute(&shop.pool).await?;
        sqlx::raw_sql(begin).execute(&shop.pool).await?;
        let order = shop.order(product, 1);
        assert_eq!(
            queue.place(order.clone()).await.err(),
            Some(PlaceError::Unavailable),
            "{code}"
        );
        sqlx::raw_sql("DROP TRIGGER fails ON attest.events")
            .execute(&shop.pool)
            .await?;
        delivered(queue.place(order).await)?;
    }
    assert_eq!(
        count(&shop.pool, "SELECT count(*) FROM shop.orders WHERE state = 'abnormal'").await?,
        0
    );
    shop.assert_sound().await
}

/// Stops a process of the server, or continues it.
fn signal(pid: i32, signal: &str) -> Result<()> {
    let status = Command::new("kill")
        .args([format!("-{signal}"), pid.to_string()])
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err("the process is not there".into())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_without_an_answer_keeps_no_worker() -> Result<()> {
    let shop = Shop::open(10_000).await?;
    let product = shop.product("monthly", 5).await?;
    let (queue, _workers) = one_worker(&shop)?;
    // The server sleeps during the commit, long enough to be stopped there.
    sqlx::raw_sql(
        "CREATE FUNCTION shop.linger() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER lingers AFTER INSERT ON shop.orders DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION shop.linger()",
    )
    .execute(&shop.pool)
    .await?;
    let order = shop.order(product, 1);
    let silent = place(&queue, order.clone());
    let sleeping = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    let pid = loop {
        match sqlx::query_scalar::<_, i32>(sleeping)
            .fetch_optional(&shop.pool)
            .await?
        {
            Some(pid) => break pid,
            None => sleep(Duration::from_millis(5)).await,
        }
    };
    signal(pid, "STOP")?;
    let behind = place(&queue, shop.order(product, 1));
    while queue.oldest_wait() < Duration::from_secs(1) {
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(silent.await?.err(), Some(PlaceError::Unavailable));
    // The commit still holds the pool's lock, so this order failed as well, or waits for the lock.
    assert!(behind.await?.is_err());
    signal(pid, "CONT")?;
    let sold = loop {
        match queue.place(order.clone()).await {
            Ok(outcome) => break delivered(Ok(outcome))?,
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    };
    assert_eq!(
        codes(&sold),
        ["monthly-000000"],
        "the commit is found, and answered again"
    );
    assert_eq!(
        codes(&delivered(queue.place(shop.order(product, 1)).await)?),
        ["monthly-000001"]
    );
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_answered_when_the_standby_has_it_too() -> Result<()> {
    let shop = Shop::open(10_000).await?;
    let product = shop.product("monthly", 5).await?;
    let (queue, _workers) = one_worker(&shop)?;
    let order = shop.order(product, 1);
    let standby = |name: &str| format!("ALTER SYSTEM SET synchronous_standby_names = '{name}'");
    shop.postgres.psql("postgres", &standby("nobody"))?;
    shop.postgres.psql("postgres", "SELECT pg_reload_conf()")?;
    assert_eq!(queue.place(order.clone()).await.err(), Some(PlaceError::Unavailable));
    // The session that waits for the standby is ended. Its commit exists on this server only.
    let mut ended = 0;
    while ended == 0 {
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        ended = count(&shop.pool, end).await?;
    }
    while count(&shop.pool, "SELECT count(*) FROM shop.orders").await? == 0 {
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(queue.place(order.clone()).await.err(), Some(PlaceError::Unavailable));
    shop.postgres.psql("postgres", &standby(""))?;
    shop.postgres.psql("postgres", "SELECT pg_reload_conf()")?;
    let sold = loop {
        match queue.place(order.clone()).await {
            Ok(outcome) => break delivered(Ok(outcome))?,
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    };
    assert_eq!(codes(&sold), ["monthly-000000"]);
    shop.assert_sound().await
}

//! Trouble of one product, one payment or one row stays its own, also for orders that are paid later.

use alloy_primitives::B256;
use shelfproof::domain::delivery::Settled;
use shelfproof::domain::order::OrderStatus;
use shelfproof::domain::payment::PaymentId;
use shelfproof::domain::sale::{Question, Reservation, Settlement};
use shelfproof::flow::decide_review::{Decider, close_review, release_review, repay_review};
use shelfproof::flow::expire_orders::expire_orders;
use shelfproof::flow::void::void_key;
use shelfproof::sale::PlaceError;
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;

use super::super::shop::{PRICE_MINOR, Shop};
use super::super::trouble::{count, lock_pool};
use super::{LATE_MS, balance, gateway, paid, request, reserve, status};

/// Damages the goods of the key in that slot, without the trigger that keeps them unchanged. Returns its id.
async fn damage(shop: &Shop, slot: i64) -> Result<B256> {
    let sql = format!(
        "BEGIN; SET LOCAL session_replication_role = replica;
         UPDATE shop.goods SET sealed = sealed || 'x' FROM shop.keys WHERE keys.no = key_no AND slot = {slot}; COMMIT"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&shop.pool).await?;
    let id: Vec<u8> = sqlx::query_scalar("SELECT key_id FROM shop.keys WHERE slot = $1")
        .bind(slot)
        .fetch_one(&shop.pool)
        .await?;
    Ok(B256::try_from(id.as_slice())?)
}

/// The number of the only open review.
async fn review(shop: &Shop) -> Result<i64> {
    let sql = "SELECT id FROM shop.reviews WHERE closed_at_ms IS NULL";
    Ok(sqlx::query_scalar(sql).fetch_one(&shop.pool).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_gets_its_held_keys_though_the_next_key_cannot_be_sold() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 3).await?;
    let gateway = gateway(&shop).await?;
    let (queue, _workers) = shop.counter(now_ms)?;
    let asked = request(&shop, gateway, 1, &[(product, 1)]);
    let late = request(&shop, gateway, 2, &[(product, 1)]);
    let (first, second) = (reserve(&queue, &asked).await?, reserve(&queue, &late).await?);
    damage(&shop, 3).await?;
    assert!(matches!(
        queue.place(shop.order(product, 1)).await,
        Err(PlaceError::Stalled)
    ));
    let settled = queue.settle(paid(&asked, &first, "t-1")).await?;
    assert_eq!(settled, Settled::Delivered { items: 1 });
    // The other one expired: what it gets is behind the damaged key.
    expire_orders(&shop.pool, LATE_MS).await?;
    let settled = queue.settle(paid(&late, &second, "t-2")).await?;
    assert_eq!(settled, Settled::InReview(Question::Undeliverable));
    assert_eq!(balance(&shop, "undelivered").await?, PRICE_MINOR);
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_key_that_cannot_be_delivered_is_voided_and_another_delivered() -> Result<()> {
    let shop = Shop::open(0).await?;
    let product = shop.product("monthly", 2).await?;
    let gateway = gateway(&shop).await?;
    let (queue, _workers) = shop.counter(now_ms)?;
    let asked = request(&shop, gateway, 1, &[(product, 1)]);
    let reserved = reserve(&queue, &asked).await?;
    let broken = damage(&shop, 1).await?;
    let settlement = paid(&asked, &reserved, "t-1");
    let settled = queue.settle(settlement.clone()).await?;
    assert_eq!(settled, Settled::InReview(Question::Undeliverable));
    assert!(
        void_key(&shop.pool, &broken, "damaged", now_ms()).await.is_err(),
        "it is held"
    );
    release_review(&shop.pool, review(&shop).await?).await?;
    void_key(&shop.pool, &broken, "damaged", now_ms()).await?;
    let again = Settlement {
        received: None,
        ..settlement
    };
    assert_eq!(queue.settle(again.clone()).await?, Settled::Delivered { items: 1 });
    assert_eq!(queue.settle(again).await?, Settled::Unchanged);
    shop.assert_sound().await
}

/// What was settled elsewhere is not delivered any more, and what was held is for sale.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_review_ends_the_delivery() -> Result<()> {
    let shop = Shop::open(0).await?;
    let product = shop.product("monthly", 1).await?;
    let gateway = gateway(&shop).await?;
    let (queue, _workers) = shop.counter(now_ms)?;
    let asked = request(&shop, gateway, 1, &[(product, 1)]);
    let reserved = reserve(&queue, &asked).await?;
    expire_orders(&shop.pool, LATE_MS).await?;
    let broken = damage(&shop, 2).await?;
    let settlement = paid(&asked, &reserved, "t-1");
    queue.settle(settlement.clone()).await?;
    void_key(&shop.pool, &broken, "damaged", now_ms()).await?;
    let decider = |note| Decider { by: None, note };
    let id = review(&shop).await?;
    assert!(close_review(&shop.pool, id, decider(""), now_ms()).await.is_err());
    close_review(&shop.pool, id, decider("by bank"), now_ms()).await?;
    assert!(repay_review(&shop.pool, id, decider("x"), now_ms()).await.is_err());
    shop.stock(product, "more", 1).await?;
    let again = Settlement {
        received: None,
        ..settlement
    };
    assert_eq!(queue.settle(again).await?, Settled::Unchanged);
    assert_eq!(status(&shop, reserved.order).await?, OrderStatus::Paid);
    shop.assert_sound().await
}

/// Another payment of the same order, through an account of its own.
async fn another(shop: &Shop, name: &str, of: &Reservation) -> Result<Reservation> {
    let id: i32 = sqlx::query_scalar(
        "INSERT INTO shop.gateway_accounts (name, kind, currency) VALUES ($1, 'test', 'CNY') RETURNING id",
    )
    .bind(name)
    .fetch_one(&shop.pool)
    .await?;
    sqlx::query("INSERT INTO shop.wallets (kind, gateway_id, currency) VALUES ('clearing', $1, 'CNY')")
        .bind(id)
        .execute(&shop.pool)
        .await?;
    let payment = PaymentId::generate();
    sqlx::query(
        "INSERT INTO shop.payments (id, order_id, gateway_id, amount_minor, currency, state, created_at_ms, ask_at_ms)
         SELECT $1, order_id, $2, amount_minor, currency, 'pending', 1, 1 FROM shop.payments WHERE id = $3",
    )
    .bind(payment.0)
    .bind(id)
    .bind(of.payment.0)
    .execute(&shop.pool)
    .await?;
    Ok(Reservation {
        payment,
        gateway: id,
        ..of.clone()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_payment_too_many_waits_for_a_person_and_goes_back_by_itself() -> Result<()> {
    let shop = Shop::open(0).await?;
    let product = shop.product("monthly", 1).await?;
    let gateway = gateway(&shop).await?;
    let (queue, _workers) = shop.counter(now_ms)?;
    let asked = request(&shop, gateway, 1, &[(product, 1)]);
    let reserved = reserve(&queue, &asked).await?;
    let others = [
        another(&shop, "second", &asked).await?,
        another(&shop, "third", &asked).await?,
    ];
    queue.settle(paid(&asked, &reserved, "t-1")).await?;
    for (other, trade_no) in others.iter().zip(["t-2", "t-3"]) {
        let settled = queue.settle(paid(other, &reserved, trade_no)).await?;
        assert_eq!(settled, Settled::InReview(Question::PaidTwice));
    }
    assert_eq!(balance(&shop, "undelivered").await?, 2 * PRICE_MINOR);
    shop.assert_sound().await?;
    let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM shop.reviews ORDER BY id")
        .fetch_all(&shop.pool)
        .await?;
    for id in &ids {
        repay_review(&shop.pool, *id, Decider { by: None, note: "" }, now_ms()).await?;
    }
    let repaid = count(&shop.pool, "SELECT count(DISTINCT payment_id) FROM shop.repayments").await?;
    assert_eq!((ids.len(), repaid), (2, 2));
    shop.assert_sound().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_pool_and_a_damaged_order_keep_no_other_from_expiring() -> Result<()> {
    let shop = Shop::open(0).await?;
    let (locked, free) = (shop.product("locked", 1).await?, shop.product("free", 2).await?);
    let gateway = gateway(&shop).await?;
    let (queue, _workers) = shop.counter(now_ms)?;
    let mut orders = Vec::new();
    for (guest, product) in [(1, locked), (2, free), (3, free)] {
        let asked = request(&shop, gateway, guest, &[(product, 1)]);
        orders.push(reserve(&queue, &asked).await?.order);
    }
    let sql = format!(
        "ALTER TABLE shop.orders DROP CONSTRAINT orders_version_check; BEGIN; SET LOCAL session_replication_role = replica;
         UPDATE shop.orders SET version = -version WHERE id = '{}'; COMMIT",
        orders[1]
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&shop.pool).await?;
    let holder = lock_pool(&shop.pool, locked).await?;
    assert_eq!(expire_orders(&shop.pool, LATE_MS).await?.orders, 1);
    assert_eq!(status(&shop, orders[2]).await?, OrderStatus::Expired);
    holder.rollback().await?;
    assert_eq!(expire_orders(&shop.pool, LATE_MS).await?.orders, 1);
    assert_eq!(status(&shop, orders[0]).await?, OrderStatus::Expired);
    Ok(())
}

//! What can happen to a sold key: redemption and refund.

use alloy_primitives::B256;
use shelfproof::domain::id::OrderId;
use shelfproof::domain::order::OrderStatus;
use shelfproof::flow::StepError;
use shelfproof::flow::change_product::{Change, change_product};
use shelfproof::flow::query::order::{get_order, open_order};
use shelfproof::flow::redeem::{RedeemError, redeem_item};
use shelfproof::flow::refund::{RefundError, refund_item};
use shelfproof::flow::void::{VoidError, void_key};
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;
use shelfproof_verifier::buyer;
use shelfproof_verifier::event::Kind;

use super::balance;
use super::shop::{PRICE_MINOR, Shop, delivered};
use super::turns::wait_for_waiter;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_s_life_after_the_sale() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 4).await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    let secret = buyer::secret(&B256::repeat_byte(7), "me");
    let mut order = shop.order(product, 2);
    order.buyer = Some(buyer::commitment(&secret));
    let sold = delivered(counter.place(order).await)?;

    let stranger = redeem_item(&shop.pool, sold.order, 1, Some(B256::ZERO), now_ms()).await;
    assert!(matches!(stranger, Err(RedeemError::NotYourSale)));
    let missing = redeem_item(&shop.pool, sold.order, 3, None, now_ms()).await;
    assert!(matches!(missing, Err(RedeemError::Missing)));
    let redeemed = redeem_item(&shop.pool, sold.order, 1, Some(secret), now_ms()).await?;
    assert_eq!((redeemed.kind, redeemed.version), (Kind::Redeemed, 4));
    let repeated = redeem_item(&shop.pool, sold.order, 1, Some(secret), now_ms() + 5).await?;
    assert_eq!(repeated, redeemed);

    // Two refunds at the same time pay back once.
    let (one, other) = tokio::join!(
        refund_item(&shop.pool, sold.order, 1, "broken", now_ms()),
        refund_item(&shop.pool, sold.order, 1, "broken", now_ms())
    );
    assert_eq!(one?, other?);
    assert_eq!(balance(&shop).await?, 100_000 - PRICE_MINOR);
    let late = redeem_item(&shop.pool, sold.order, 1, Some(secret), now_ms()).await?;
    assert_eq!(late, redeemed, "a repeat, in every later state");
    refund_item(&shop.pool, sold.order, 2, "broken", now_ms()).await?;
    let late = redeem_item(&shop.pool, sold.order, 1, None, now_ms()).await?;
    assert_eq!(late, redeemed, "a repeat, in every later state");
    let unused = redeem_item(&shop.pool, sold.order, 2, None, now_ms()).await;
    assert!(matches!(unused, Err(RedeemError::Step(StepError::Illegal { .. }))));
    let order = get_order(&shop.pool, sold.order).await?.ok_or("gone")?;
    let view = open_order(&shop.pool, &shop.vault, None, order).await?;
    assert_eq!(view.order.status, OrderStatus::Refunded);
    let kinds: Vec<Kind> = view.items[0].events.iter().map(|stored| stored.event.kind).collect();
    assert_eq!(
        kinds,
        [Kind::Sold, Kind::Redeemed, Kind::Refunded],
        "the supplier's part stays here"
    );
    let none = refund_item(&shop.pool, sold.order, 0, "", now_ms()).await;
    assert!(matches!(none, Err(RefundError::Missing)));
    shop.assert_sound().await
}

/// Makes a guest the customer of an order, in spite of the trigger that forbids it.
async fn give_to_guest(shop: &Shop, order: OrderId) -> Result<()> {
    let mut transaction = shop.pool.begin().await?;
    sqlx::raw_sql("SET LOCAL session_replication_role = replica")
        .execute(&mut *transaction)
        .await?;
    sqlx::query("UPDATE shop.orders SET account_id = NULL, guest = sha256('guest') WHERE id = $1")
        .bind(order.0)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_paid_back_in_credit_only_if_there_is_nothing_to_pay() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let (dear, free) = (shop.product("monthly", 1).await?, shop.product("trial", 1).await?);
    let change = Change {
        price: Some("0".to_owned()),
        ..Change::default()
    };
    change_product(&shop.pool, free, 1, change).await?;
    let (counter, _workers) = shop.counter(now_ms)?;
    let paid = delivered(counter.place(shop.order(dear, 1)).await)?;
    let unpaid = delivered(counter.place(shop.order(free, 1)).await)?;
    for order in [paid.order, unpaid.order] {
        give_to_guest(&shop, order).await?;
    }
    let refused = refund_item(&shop.pool, paid.order, 1, "broken", now_ms()).await;
    assert!(matches!(refused, Err(RefundError::NoCredit)), "{refused:?}");
    let found = get_order(&shop.pool, paid.order).await?.ok_or("gone")?;
    assert_eq!(found.status, OrderStatus::Delivered, "nothing was changed");
    let refunded = refund_item(&shop.pool, unpaid.order, 1, "broken", now_ms()).await?;
    assert_eq!(refunded.kind, Kind::Refunded);
    assert_eq!(balance(&shop).await?, 100_000 - PRICE_MINOR);
    Ok(())
}

/// A sale does not change the key's row, so that a step which read the row before finds the event in its place.
#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_that_did_not_see_the_sale_is_refused() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    shop.product("monthly", 1).await?;
    let key_id: Vec<u8> = sqlx::query_scalar("SELECT key_id FROM shop.keys")
        .fetch_one(&shop.pool)
        .await?;
    let key_id = B256::try_from(key_id.as_slice())?;
    let mut seller = shop.pool.begin().await?;
    sqlx::query("SELECT FROM shop.keys FOR UPDATE")
        .execute(&mut *seller)
        .await?;
    let pool = shop.pool.clone();
    let withdrawal = tokio::spawn(async move { void_key(&pool, &key_id, "leaked", now_ms()).await });
    wait_for_waiter(&shop.pool).await?;
    sqlx::query(
        "INSERT INTO attest.events (key_no, version, before, kind, at_ms, key_id, prev, payload, salt, body, order_id,
                                    item, anchor_by_s)
         SELECT key_no, 3, 2, 3, at_ms, key_id, prev, payload, salt, body, gen_random_uuid(), 1, 1
         FROM attest.events WHERE version = 2",
    )
    .execute(&mut *seller)
    .await?;
    seller.commit().await?;
    let refused = withdrawal.await?;
    assert!(matches!(refused, Err(VoidError::Step(StepError::Stale))), "{refused:?}");
    Ok(())
}

//! Keys that were read before they were sold: whatever became of them in the meantime counts.
//!
//! An order that is refused for lack of credit leaves its keys read and unsold.

use std::sync::Arc;

use alloy_primitives::B256;
use shelfproof::config;
use shelfproof::domain::delivery::OrderOutcome;
use shelfproof::domain::id::{AccountId, ProductId};
use shelfproof::domain::order::{Customer, NewOrder, RefusalReason};
use shelfproof::flow::void::void_key;
use shelfproof::sale::{OrderQueue, Workers};
use shelfproof_base::clock::now_ms;
use shelfproof_tests::Result;

use super::codes;
use super::holds::hold;
use super::shop::{Shop, delivered};

/// Returns a queue with one worker: the worker of one node.
fn node(shop: &Shop) -> Result<(OrderQueue, Workers)> {
    let settings = config::Sale {
        workers: 1,
        ..config::Sale::default()
    };
    shop.counter_with(&settings, now_ms)
}

/// Sells one key, and lets the worker read the five after it.
async fn read_five(shop: &Shop, queue: &OrderQueue, product: ProductId) -> Result<()> {
    delivered(queue.place(shop.order(product, 1)).await)?;
    let poor = Customer::Account(AccountId::new(now_ms(), [9; 10]));
    let refused = NewOrder {
        customer: poor,
        ..shop.order(product, 5)
    };
    match queue.place(refused).await? {
        OrderOutcome::Refused {
            reason: RefusalReason::InsufficientCredit,
            ..
        } => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

async fn void_slot(shop: &Shop, slot: i64) -> Result<()> {
    let key_id: Vec<u8> = sqlx::query_scalar("SELECT key_id FROM shop.keys WHERE slot = $1")
        .bind(slot)
        .fetch_one(&shop.pool)
        .await?;
    void_key(&shop.pool, &B256::try_from(key_id.as_slice())?, "leaked", now_ms()).await?;
    Ok(())
}

/// Sells three keys, and returns the numbers of their codes.
async fn sell_three(shop: &Shop, queue: &OrderQueue, product: ProductId) -> Result<Vec<String>> {
    let sold = codes(&delivered(queue.place(shop.order(product, 3)).await)?);
    shop.assert_sound().await?;
    Ok(sold.iter().map(|code| code.replace("monthly-00000", "")).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_were_read_are_sold_in_their_order() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 9).await?;
    let (queue, _workers) = node(&shop)?;
    read_five(&shop, &queue, product).await?;
    assert_eq!(sell_three(&shop, &queue, product).await?, ["1", "2", "3"]);
    assert_eq!(sell_three(&shop, &queue, product).await?, ["4", "5", "6"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_withdrawn_after_it_was_read_is_not_sold() -> Result<()> {
    // The first of those that were read, one between, and the last.
    for (slot, expected) in [(2, ["2", "3", "4"]), (3, ["1", "3", "4"]), (6, ["1", "2", "3"])] {
        let shop = Shop::open(100_000).await?;
        let product = shop.product("monthly", 14).await?;
        let (queue, _workers) = node(&shop)?;
        read_five(&shop, &queue, product).await?;
        void_slot(&shop, slot).await?;
        assert_eq!(sell_three(&shop, &queue, product).await?, expected, "slot {slot}");
        // The withdrawn key's slot is passed over once, whichever order comes to it.
        read_five(&shop, &queue, product).await?;
        assert_eq!(codes(&delivered(queue.place(shop.order(product, 1)).await)?).len(), 1);
        shop.assert_sound().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_another_node_sold_or_a_hold_took_are_passed_over() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 9).await?;
    let ((one, _workers), (other, _others)) = (node(&shop)?, node(&shop)?);
    read_five(&shop, &one, product).await?;
    let sold = delivered(other.place(shop.order(product, 1)).await)?;
    assert_eq!(codes(&sold), ["monthly-000001"]);
    hold(&shop, product, 1, sold.order).await?;
    assert_eq!(sell_three(&shop, &one, product).await?, ["3", "4", "5"]);
    // The other node read nothing of these.
    assert_eq!(sell_three(&shop, &other, product).await?, ["6", "7", "8"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_a_batch_that_was_rolled_back_are_sold_by_the_next() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 9).await?;
    let (queue, _workers) = node(&shop)?;
    let queue = Arc::new(queue);
    read_five(&shop, &queue, product).await?;
    // The sale of slot 3 fails, until it does not.
    sqlx::raw_sql(
        "CREATE SEQUENCE tries;
         CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF nextval('tries') < 3 THEN RAISE unique_violation; END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER fails BEFORE INSERT ON attest.events FOR EACH ROW WHEN (NEW.kind = 3 AND NEW.key_no = 3)
             EXECUTE FUNCTION fails()",
    )
    .execute(&shop.pool)
    .await?;
    assert_eq!(sell_three(&shop, &queue, product).await?, ["1", "2", "3"]);
    assert_eq!(sell_three(&shop, &queue, product).await?, ["4", "5", "6"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_came_in_after_a_withdrawal_are_sold_once() -> Result<()> {
    let shop = Shop::open(100_000).await?;
    let product = shop.product("monthly", 6).await?;
    let (queue, _workers) = node(&shop)?;
    void_slot(&shop, 3).await?;
    void_slot(&shop, 4).await?;
    delivered(queue.place(shop.order(product, 1)).await)?;
    // The worker knows the pool as it was before these came in.
    shop.stock(product, "later", 2).await?;
    let sold = delivered(queue.place(shop.order(product, 5)).await)?;
    let expected = [
        "monthly-000001",
        "monthly-000004",
        "monthly-000005",
        "later-000000",
        "later-000001",
    ];
    assert_eq!(codes(&sold), expected);
    shop.assert_sound().await?;
    shop.stock(product, "last", 2).await?;
    let sold = delivered(queue.place(shop.order(product, 2)).await)?;
    assert_eq!(codes(&sold), ["last-000000", "last-000001"]);
    shop.assert_sound().await
}

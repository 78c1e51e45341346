//! What a person decides about paid orders, and what goes back through the gateway.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shelfproof::flow::expire_orders::expire_orders;
use shelfproof_tests::Result;
use shelfproof_tests::sample_rows::connect;
use shelfproof_tests::shop::{PRICE, PayingShop, Placed, codes, order_of};
use shelfproof_tests::vector_chain::block_on;
use tokio::time::sleep;

use super::{key, shop};

/// Long after every unpaid order has expired.
const LATE_MS: u64 = 4_000_000_000_000;

/// How long a repayment may take.
const BOUND: Duration = Duration::from_secs(30);

/// What is neither revenue nor credit, by the wallets' kinds.
const MONEY_LEFT: &str = "SELECT coalesce(sum(abs(balance_minor)), 0)::bigint FROM shop.balances
    WHERE kind IN ('clearing', 'undelivered', 'revenue')";

/// An order that was paid after its only key was sold to somebody else.
async fn sold_out(shop: &PayingShop) -> Result<Placed> {
    let placed = shop.place(&key("late"), 1).await?;
    let pool = connect(&shop.shop.postgres, &shop.shop.database)?;
    expire_orders(&pool, LATE_MS).await?;
    let reseller = shop.shop.reseller()?;
    shop.shop.credit(&reseller, "100", "CNY")?;
    let mut client = shop.shop.client(&reseller.token)?;
    let bought = client.order("last", order_of(&shop.product)).await?.expect(201)?;
    // It is undone, so that the books hold the late order alone.
    let path = format!("/api/v1/orders/{}/refund", bought["order"].as_str().ok_or("no order")?);
    admin(shop, &path, json!({"item": 1})).await?;
    shop.pay(&placed.url).await?;
    shop.wait_for(&placed, "paid").await?;
    Ok(placed)
}

/// Asks the node for something as an admin; the answer must be a success.
async fn admin(shop: &PayingShop, path: &str, body: Value) -> Result<Value> {
    let mut client = shop.shop.client(&shop.shop.admin)?;
    client.post(path, body.to_string()).await?.expect(200)
}

async fn status(shop: &PayingShop, path: &str, body: Value) -> Result<u16> {
    let mut client = shop.shop.client(&shop.shop.admin)?;
    Ok(client.post(path, body.to_string()).await?.status)
}

async fn listed(shop: &PayingShop, path: &str) -> Result<Vec<Value>> {
    let mut client = shop.shop.client(&shop.shop.admin)?;
    let page = client.get(path).await?.expect(200)?;
    Ok(page["items"].as_array().ok_or("no items")?.clone())
}

/// Waits until so many repayments are done.
async fn repaid(shop: &PayingShop, count: usize) -> Result<Vec<Value>> {
    let end = Instant::now() + BOUND;
    loop {
        let done = listed(shop, "/api/v1/repayments?state=done").await?;
        if done.len() == count {
            return Ok(done);
        }
        if Instant::now() > end {
            let all = listed(shop, "/api/v1/repayments").await?;
            return Err(format!("not paid back: {all:?}").into());
        }
        shop.shop.cli.run(&["admin", "task", "run", "repay"])?;
        sleep(Duration::from_millis(200)).await;
    }
}

#[test]
fn what_cannot_be_delivered_goes_back_through_the_gateway_once() -> Result<()> {
    let shop = shop(1)?;
    let order = block_on(async {
        let placed = sold_out(&shop).await?;
        let reviews = listed(&shop, "/api/v1/reviews").await?;
        let [review] = reviews.as_slice() else {
            return Err(format!("not one review: {reviews:?}").into());
        };
        assert_eq!(
            (&review["question"], &review["order"]),
            (&json!("out_of_stock"), &json!(placed.order))
        );
        let path = |action| format!("/api/v1/reviews/{}/{action}", review["review"]);
        assert_eq!(status(&shop, &path("deliver"), json!({})).await?, 409);
        let repayment = admin(&shop, &path("repay"), json!({"note": "sold out"})).await?;
        assert_eq!(
            (&repayment["state"], &repayment["amount"]),
            (&json!("pending"), &json!(PRICE))
        );
        for action in ["deliver", "repay", "close"] {
            assert_eq!(
                status(&shop, &path(action), json!({"note": "again"})).await?,
                409,
                "{action}"
            );
        }
        let done = repaid(&shop, 1).await?;
        assert_eq!(done[0]["repayment"], repayment["repayment"]);
        assert_eq!(shop.order(&placed).await?["state"], "refunded");
        assert_eq!(listed(&shop, "/api/v1/reviews").await?, Vec::<Value>::new());
        assert_eq!(
            listed(&shop, "/api/v1/reviews?all=true").await?[0]["decision"],
            "repaid"
        );
        Result::Ok(placed.order)
    })??;
    assert_eq!(shop.shop.ask(MONEY_LEFT)?, 0, "order {order}");
    shop.shop.check()
}

#[test]
fn an_order_is_delivered_after_a_restock() -> Result<()> {
    let shop = shop(1)?;
    let (placed, review) = block_on(async {
        let placed = sold_out(&shop).await?;
        let review = listed(&shop, "/api/v1/reviews").await?[0]["review"].clone();
        Result::Ok((placed, review))
    })??;
    shop.shop.stock_by_api(&shop.product, &codes("more", 1))?;
    block_on(async {
        let deliver = format!("/api/v1/reviews/{review}/deliver");
        assert_eq!(admin(&shop, &deliver, json!({})).await?["decision"], "delivered");
        assert_eq!(
            admin(&shop, &deliver, json!({})).await?["decision"],
            "delivered",
            "a repeat"
        );
        let delivered = shop.order(&placed).await?;
        assert_eq!(
            (&delivered["state"], delivered["items"].as_array().map(Vec::len)),
            (&json!("delivered"), Some(1))
        );
        Result::Ok(())
    })??;
    shop.shop.check()
}

#[test]
fn what_was_paid_twice_goes_back_and_a_delivered_key_can_be_refunded() -> Result<()> {
    let shop = shop(1)?;
    let twice = block_on(async {
        let placed = shop.place(&key("twice"), 1).await?;
        let mut guest = shop.shop.client(&placed.token)?;
        let payments = format!("/api/v1/orders/{}/payments", placed.order);
        let other = guest.post(&payments, r#"{"gateway": "second"}"#).await?.expect(200)?;
        shop.pay(&placed.url).await?;
        shop.wait_for(&placed, "delivered").await?;
        shop.pay(other["url"].as_str().ok_or("no page")?).await?;
        let end = Instant::now() + BOUND;
        while listed(&shop, "/api/v1/reviews").await?.is_empty() {
            assert!(Instant::now() < end, "the second payment was not noticed");
            sleep(Duration::from_millis(50)).await;
        }
        let review = listed(&shop, "/api/v1/reviews").await?[0].clone();
        assert_eq!(
            (&review["question"], &review["payment"]),
            (&json!("paid_twice"), &other["payment"])
        );
        Result::Ok((placed, review["review"].to_string()))
    })??;
    let (placed, review) = twice;
    let listed = shop.shop.cli.run(&["admin", "review", "list"])?;
    assert!(
        listed.contains("paid_twice") && listed.contains(&placed.order),
        "{listed}"
    );
    let said = shop
        .shop
        .cli
        .run(&["admin", "review", "repay", &review, "--note", "paid twice"])?;
    assert!(said.contains("pending"), "{said}");
    block_on(async {
        repaid(&shop, 1).await?;
        assert_eq!(shop.order(&placed).await?["state"], "delivered");
        let refund = format!("/api/v1/orders/{}/refund", placed.order);
        admin(&shop, &refund, json!({"item": 1, "reason": "it did not work"})).await?;
        admin(&shop, &refund, json!({"item": 1})).await?;
        let done = repaid(&shop, 2).await?;
        assert_eq!(done[0]["item"], 1);
        assert_eq!(shop.order(&placed).await?["state"], "refunded");
        Result::Ok(())
    })??;
    assert_eq!(shop.shop.ask(MONEY_LEFT)?, 0);
    shop.shop.check()
}

/// A person pays back what no gateway does.
#[test]
fn a_repayment_is_ended_by_hand_once() -> Result<()> {
    let shop = shop(1)?;
    block_on(async {
        sold_out(&shop).await?;
        let review = listed(&shop, "/api/v1/reviews").await?[0]["review"].clone();
        // The gateway is not asked: nothing is due.
        let hold = "UPDATE shop.tasks SET due_at_ms = 4000000000000 WHERE name = 'repay'";
        shop.shop.postgres.psql(&shop.shop.database, hold)?;
        let repayment = admin(&shop, &format!("/api/v1/reviews/{review}/repay"), json!({})).await?;
        let id = repayment["repayment"].as_str().ok_or("no id")?.to_owned();
        let done = format!("/api/v1/repayments/{id}/done");
        assert_eq!(status(&shop, &done, json!({})).await?, 400, "without a note");
        for _ in 0..2 {
            assert_eq!(admin(&shop, &done, json!({"note": "by bank"})).await?["state"], "done");
        }
        assert_eq!(
            status(&shop, "/api/v1/repayments/x/done", json!({"note": "x"})).await?,
            404
        );
        Result::Ok(())
    })??;
    let listed = shop.shop.cli.run(&["admin", "repayment", "list", "--state", "done"])?;
    assert!(listed.contains("by bank"), "{listed}");
    assert_eq!(shop.shop.ask(MONEY_LEFT)?, 0);
    shop.shop.check()
}

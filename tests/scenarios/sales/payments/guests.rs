//! What a guest does: order, pay, read the order, pay another way, give up, look orders up.

use serde_json::{Value, json};
use shelfproof_tests::Result;
use shelfproof_tests::shop::{CONTACT, CURRENCY, Item, PASSWORD, PRICE, PayingShop, Placed};
use shelfproof_tests::vector_chain::block_on;

use super::{key, shop};

#[test]
fn a_guest_pays_and_gets_the_key_with_a_receipt() -> Result<()> {
    let shop = shop(3)?;
    block_on(buys(&shop))??;
    assert_eq!(
        shop.shop
            .ask("SELECT count(*) FROM shop.payments WHERE state = 'received'")?,
        1
    );
    shop.shop.check()
}

async fn buys(shop: &PayingShop) -> Result<()> {
    let mut guest = shop.guest()?;
    let gateways = guest.get("/api/v1/gateways").await?.expect(200)?;
    assert_eq!(
        gateways["items"][1],
        json!({"gateway": "main", "kind": "test", "currency": CURRENCY})
    );

    let body = shop.body(2).to_string();
    let first = guest.post_named("/api/v1/checkout", &key("a"), body.clone()).await?;
    let placed = Placed::read(&first)?;
    let said = first.json()?;
    assert_eq!((&said["total"], &said["currency"]), (&json!("19.80"), &json!(CURRENCY)));
    let again = guest.post_named("/api/v1/checkout", &key("a"), body).await?;
    assert_eq!((again.status, again.body), (201, first.body), "a repeat gets the same");
    let other = guest
        .post_named("/api/v1/checkout", &key("a"), shop.body(1).to_string())
        .await?;
    assert_eq!(other.expect(422)?["code"], "idempotency_mismatch");

    let waiting = shop.order(&placed).await?;
    assert_eq!(waiting["state"], "awaiting_payment");
    assert_eq!(waiting["expiresAt"], said["expiresAt"]);
    assert_eq!(waiting["items"], json!([]));
    assert_eq!(
        waiting["payments"],
        json!([{"payment": placed.payment, "gateway": "main", "state": "pending", "url": placed.url}])
    );
    let mut holder = shop.shop.client(&placed.token)?;
    let redeem = format!("/api/v1/orders/{}/redeem", placed.order);
    assert_eq!(
        holder.post(&redeem, r#"{"item":1}"#).await?.status,
        404,
        "nothing is delivered yet"
    );

    shop.pay(&placed.url).await?;
    let delivered = shop.wait_for(&placed, "delivered").await?;
    assert_eq!(delivered["payments"][0]["state"], "received");
    let items: Vec<Item> = serde_json::from_value(delivered["items"].clone())?;
    assert_eq!(items.len(), 2);
    for item in &items {
        shop.shop.judge().check_item(item, PRICE, CURRENCY)?;
    }
    // There is no prover here: the problem holds the receipts.
    let proofs = holder
        .get(&format!("/api/v1/proofs/{}", placed.order))
        .await?
        .expect(503)?;
    assert_eq!(proofs["receipts"].as_array().map(Vec::len), Some(2));
    let redeemed = holder.post(&redeem, r#"{"item":1}"#).await?.expect(200)?;
    assert_eq!(redeemed["kind"], "redeemed");
    let cancel = holder
        .post(&format!("/api/v1/orders/{}/cancel", placed.order), "")
        .await?;
    assert_eq!(cancel.expect(409)?["code"], "conflict");
    let page = guest.get("/pay/main/return?trade_status=TRADE_SUCCESS").await?;
    assert!(
        page.status == 200 && page.text().contains("正在确认付款"),
        "{}",
        page.text()
    );
    assert_eq!(guest.get("/pay/nowhere/return").await?.status, 404);
    Ok(())
}

#[test]
fn what_a_guest_sends_is_held_to_its_rules() -> Result<()> {
    let shop = shop(1)?;
    block_on(is_refused(&shop))??;
    assert_eq!(shop.shop.ask("SELECT count(*) FROM shop.orders")?, 0);
    Ok(())
}

async fn is_refused(shop: &PayingShop) -> Result<()> {
    let mut guest = shop.guest()?;
    let mut refuses = async |name: &str, changes: Value| -> Result<Value> {
        let mut body = shop.body(1);
        for (field, value) in changes.as_object().into_iter().flatten() {
            body[field] = value.clone();
        }
        let answer = guest.post_named("/api/v1/checkout", name, body.to_string()).await?;
        assert_ne!(answer.status, 201, "{changes}");
        answer.json()
    };
    let long = key("a");
    for (changes, field) in [
        (json!({"gateway": "nowhere"}), "/gateway"),
        (json!({"contact": " x "}), "/contact"),
        (json!({"contact": "a\nb@example.com"}), "/contact"),
        (json!({"password": "short"}), "/password"),
        (json!({"coupon": "SPRING-10"}), "/coupon"),
        (json!({"lines": []}), "/lines"),
    ] {
        let problem = refuses(&long, changes.clone()).await?;
        assert_eq!(
            (&problem["code"], &problem["field"]),
            (&json!("invalid_field"), &json!(field)),
            "{changes}"
        );
    }
    let short = refuses("too-short", json!({})).await?;
    assert_eq!(short["field"], "Idempotency-Key");
    let many = refuses(&long, json!({"lines": [{"product": shop.product, "quantity": 2}]})).await?;
    assert_eq!(many["code"], "out_of_stock");
    let missing = guest.post("/api/v1/checkout", shop.body(1).to_string()).await?;
    assert_eq!(missing.expect(400)?["code"], "missing_idempotency_key");
    Ok(())
}

#[test]
fn an_order_is_paid_another_way_or_given_up() -> Result<()> {
    let shop = shop(2)?;
    block_on(is_paid_otherwise(&shop))??;
    block_on(is_given_up(&shop))??;
    shop.shop.check()
}

async fn is_paid_otherwise(shop: &PayingShop) -> Result<()> {
    let placed = shop.place(&key("a"), 1).await?;
    let mut holder = shop.shop.client(&placed.token)?;
    let path = format!("/api/v1/orders/{}/payments", placed.order);
    let second = holder.post(&path, r#"{"gateway":"second"}"#).await?.expect(200)?;
    assert_ne!(second["payment"], placed.payment);
    assert_eq!(
        holder.post(&path, r#"{"gateway":"second"}"#).await?.expect(200)?,
        second
    );
    let first = holder.post(&path, r#"{"gateway":"main"}"#).await?.expect(200)?;
    assert_eq!(
        (&first["payment"], &first["url"]),
        (&json!(placed.payment), &json!(placed.url))
    );
    let unknown = holder.post(&path, r#"{"gateway":"nowhere"}"#).await?.expect(400)?;
    assert_eq!(unknown["field"], "/gateway");

    shop.pay(second["url"].as_str().ok_or("no page")?).await?;
    let delivered = shop.wait_for(&placed, "delivered").await?;
    assert_eq!(delivered["payments"].as_array().map(Vec::len), Some(2));
    assert_eq!(holder.post(&path, r#"{"gateway":"other"}"#).await?.status, 409);
    // It is paid again: the money is taken, and a person pays it back.
    shop.pay(&placed.url).await?;
    let paid_twice = "SELECT count(*) FROM shop.reviews WHERE question = 'paid_twice'";
    for _ in 0..200 {
        if shop.shop.ask(paid_twice)? == 1 {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Err("the second payment is not in review".into())
}

async fn is_given_up(shop: &PayingShop) -> Result<()> {
    let placed = shop.place(&key("b"), 1).await?;
    let stranger = shop.place(&key("c"), 1).await;
    assert!(stranger.is_err(), "the last key is held");
    let cancel = format!("/api/v1/orders/{}/cancel", placed.order);
    assert_eq!(shop.guest()?.post(&cancel, "").await?.status, 401);
    let mut holder = shop.shop.client(&placed.token)?;
    for _ in 0..2 {
        assert_eq!(holder.post(&cancel, "").await?.expect(200)?["state"], "cancelled");
    }
    let path = format!("/api/v1/orders/{}/payments", placed.order);
    assert_eq!(holder.post(&path, r#"{"gateway":"main"}"#).await?.status, 409);
    // The key is for sale again.
    shop.place(&key("c"), 1).await.map(drop)
}

#[test]
fn an_order_whose_gateway_makes_no_page_goes_on() -> Result<()> {
    let shop = shop(1)?;
    block_on(goes_on(&shop))??;
    assert_eq!(shop.shop.ask("SELECT count(*) FROM shop.orders")?, 1);
    shop.shop.check()
}

async fn goes_on(shop: &PayingShop) -> Result<()> {
    let mut guest = shop.guest()?;
    let mut body = shop.body(1);
    body["gateway"] = json!("down");
    let mut problems = Vec::new();
    for _ in 0..2 {
        let answer = guest
            .post_named("/api/v1/checkout", &key("a"), body.to_string())
            .await?;
        let mut problem = answer.expect(503)?;
        assert_eq!(problem["code"], "gateway_unavailable");
        problem["requestId"] = Value::Null;
        problems.push(problem);
    }
    assert_eq!(problems[0], problems[1], "a repeat finds the same order");
    let token = problems[0]["token"].as_str().ok_or("no token")?;
    let order = problems[0]["order"].as_str().ok_or("no order")?;
    let mut holder = shop.shop.client(token)?;
    let path = format!("/api/v1/orders/{order}/payments");
    let main = holder.post(&path, r#"{"gateway":"main"}"#).await?.expect(200)?;
    let placed = Placed {
        order: order.to_owned(),
        token: token.to_owned(),
        payment: main["payment"].as_str().ok_or("no payment")?.to_owned(),
        url: main["url"].as_str().ok_or("no page")?.to_owned(),
    };
    shop.pay(&placed.url).await?;
    shop.wait_for(&placed, "delivered").await?;
    let over = guest
        .post_named("/api/v1/checkout", &key("a"), body.to_string())
        .await?;
    assert_eq!(
        over.expect(409)?["code"],
        "conflict",
        "no page is made for what is paid"
    );
    Ok(())
}

#[test]
fn a_guest_finds_orders_again_by_contact_and_password() -> Result<()> {
    let shop = shop(3)?;
    block_on(finds(&shop))?
}

async fn finds(shop: &PayingShop) -> Result<()> {
    let (one, two) = (shop.place(&key("a"), 1).await?, shop.place(&key("b"), 1).await?);
    let mut without = shop.body(1);
    without["password"] = Value::Null;
    let without = shop
        .guest()?
        .post_named("/api/v1/checkout", &key("c"), without.to_string())
        .await?;
    Placed::read(&without)?;

    let mut guest = shop.guest()?;
    let mut look_up = async |contact: &str, password: &str| -> Result<Value> {
        let body = json!({"contact": contact, "password": password}).to_string();
        guest.post("/api/v1/lookup", body).await?.expect(200)
    };
    let found = look_up(" Ann@EXAMPLE.com", PASSWORD).await?;
    let orders: Vec<[&Value; 3]> = found["items"]
        .as_array()
        .ok_or("no list")?
        .iter()
        .map(|order| [&order["order"], &order["token"], &order["state"]])
        .collect();
    let expected = |placed: &Placed| [json!(placed.order), json!(placed.token), json!("awaiting_payment")];
    let (one, two) = (expected(&one), expected(&two));
    assert_eq!(orders, [two.each_ref(), one.each_ref()]);
    for (contact, password) in [(CONTACT, "correct horsf"), ("bob@example.com", PASSWORD)] {
        assert_eq!(look_up(contact, password).await?["items"], json!([]));
    }
    // What could be guessed is asked a few times a minute only; the minute may end in between.
    let body = json!({"contact": CONTACT, "password": PASSWORD}).to_string();
    for _ in 0..30 {
        let answer = guest.post("/api/v1/lookup", body.clone()).await?;
        if answer.status == 429 {
            assert_eq!(answer.json()?["code"], "too_many_attempts");
            return Ok(());
        }
    }
    Err("look-ups are not limited".into())
}

//! The terms that a product is sold under, over the command line and the API.

use serde_json::{Value, json};
use shelfproof_tests::Result;
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::shop::{CURRENCY, Settings, TestShop, codes};
use shelfproof_tests::vector_chain::block_on;

/// Creates a product of 10.00 with further options, and returns its id.
fn create(shop: &TestShop, name: &str, options: &[&str]) -> Result<String> {
    let product = [
        "admin",
        "product",
        "create",
        "--name",
        name,
        "--price",
        "10",
        "--currency",
        CURRENCY,
    ];
    let made = shop.cli.json(&[&product, options].concat())?;
    Ok(made["product"].as_str().ok_or("no product")?.to_owned())
}

/// An order of one line, at that price for each key.
fn order(product: &str, quantity: u32, price: &str) -> String {
    json!({"lines": [{"product": product, "quantity": quantity, "price": price}]}).to_string()
}

/// Checks that an order is refused with that code, and that its repeat says the same but for the request's id.
async fn is_refused(client: &mut Client, key: &str, body: &str, code: &str) -> Result<Value> {
    let first = client.order(key, body.to_owned()).await?;
    let problem = first.json()?;
    assert_eq!(problem["code"], code, "{problem}");
    let again = client.order(key, body.to_owned()).await?;
    let without_id = |answer: &Answer| -> Result<String> {
        let id = answer.headers["x-request-id"].to_str()?;
        Ok(answer.text().replace(id, "id"))
    };
    assert_eq!((first.status, without_id(&first)?), (again.status, without_id(&again)?));
    Ok(problem)
}

#[test]
fn many_keys_at_once_cost_their_tier_and_an_order_names_that_price() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let product = create(&shop, "wholesale", &["--tiers", "5=9,20=8.50"])?;
    shop.stock(&product, &codes("tier", 40))?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "1000", CURRENCY)?;
    for (options, rule) in [
        (["--tiers", "20=9,5=8"], "must ascend"),
        (["--tiers", "5=8,20=9"], "must fall"),
        (["--tiers", "5=9.999"], "CNY has 2 decimals"),
        (["--tiers", "5 keys"], "quantity=price"),
        (["--price", "8"], "price: the tiers' prices must fall"),
    ] {
        let change = ["admin", "product", "change", "wholesale"];
        let error = shop.cli.run(&[&change[..], &options].concat());
        let error = error.err().ok_or(rule)?.to_string();
        assert!(error.contains(rule), "{error}");
    }
    block_on(async {
        let (mut buyer, mut admin) = (shop.client(&reseller.token)?, shop.client(&shop.admin)?);
        let path = format!("/api/v1/products/{product}");
        let shown = buyer.get(&path).await?.expect(200)?;
        let tiers = json!([{"quantity": 5, "price": "9.00"}, {"quantity": 20, "price": "8.50"}]);
        assert_eq!(shown["tiers"], tiers);
        for (quantity, price, total) in [(4, "10", "40.00"), (5, "9.00", "45.00"), (20, "8.5", "170.00")] {
            let placed = buyer
                .order(&format!("tier-{quantity}"), order(&product, quantity, price))
                .await?;
            let placed = placed.expect(201)?;
            assert_eq!(placed["total"], total, "{placed}");
            let body = placed["items"][0]["receipt"]["event"]["body"]
                .as_str()
                .unwrap_or_default();
            let unit = format!(
                "\"price\":\"{}\"",
                if quantity == 4 {
                    "10.00"
                } else if quantity == 5 {
                    "9.00"
                } else {
                    "8.50"
                }
            );
            assert!(body.contains(&unit), "{body}");
        }
        is_refused(&mut buyer, "wrong-tier", &order(&product, 5, "10"), "price_changed").await?;
        let new = json!({"name": "x", "price": "1", "currency": CURRENCY, "tiers": [{"quantity": 5, "price": "1"}]});
        let refused = admin.post("/api/v1/products", new.to_string()).await?.expect(400)?;
        assert_eq!(
            (&refused["code"], &refused["field"]),
            (&json!("invalid_field"), &json!("/tiers"))
        );
        Ok::<_, Box<dyn std::error::Error>>(())
    })??;
    shop.check()
}

#[test]
fn limits_are_shown_and_refuse_with_their_own_codes() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let product = create(&shop, "limited", &["--order-max", "5", "--buyer-limit", "7/day"])?;
    shop.stock(&product, &codes("limit", 20))?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "1000", CURRENCY)?;
    block_on(async {
        let mut buyer = shop.client(&reseller.token)?;
        let shown = buyer.get(&format!("/api/v1/products/{product}")).await?.expect(200)?;
        assert_eq!(
            (&shown["orderMax"], &shown["buyerLimit"]),
            (&json!(5), &json!({"units": 7, "per": "day"}))
        );
        is_refused(&mut buyer, "six", &order(&product, 6, "10"), "order_limit").await?;
        buyer.order("five", order(&product, 5, "10")).await?.expect(201)?;
        is_refused(&mut buyer, "three", &order(&product, 3, "10"), "buyer_limit").await?;
        buyer.order("two", order(&product, 2, "10")).await?.expect(201)?;
        Ok::<_, Box<dyn std::error::Error>>(())
    })??;
    for (option, value, rule) in [
        (
            "--order-max",
            "0",
            "orderMax: it must be a number of keys from 1 to 100",
        ),
        ("--buyer-limit", "3/week", "3 or 3/day"),
        (
            "--buyer-limit",
            "0",
            "buyerLimit: it must be a number of keys from 1 to 1000000",
        ),
    ] {
        let error = shop.cli.run(&["admin", "product", "change", "limited", option, value]);
        let error = error.err().ok_or(rule)?.to_string();
        assert!(error.contains(rule), "{error}");
    }
    let changed = shop
        .cli
        .json(&["admin", "product", "change", "limited", "--order-max", "none"])?;
    assert_eq!(
        (&changed["orderMax"], &changed["buyerLimit"]["units"]),
        (&Value::Null, &json!(7))
    );
    shop.check()
}

#[test]
fn a_low_stock_is_listed_for_admins_and_told_to_consumers() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let product = create(&shop, "few", &["--low-stock", "3"])?;
    shop.stock(&product, &codes("low", 5))?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "1000", CURRENCY)?;
    block_on(async {
        let (mut buyer, mut admin) = (shop.client(&reseller.token)?, shop.client(&shop.admin)?);
        let listed = admin.get("/api/v1/products").await?.expect(200)?;
        let few = &listed["items"][0];
        assert_eq!(
            (&few["available"], &few["isLow"], &few["lowStock"]),
            (&json!(5), &json!(false), &json!(3))
        );
        buyer.order("two", order(&product, 2, "10")).await?.expect(201)?;
        let listed = admin.get("/api/v1/products").await?.expect(200)?;
        let few = &listed["items"][0];
        assert_eq!((&few["available"], &few["isLow"]), (&json!(3), &json!(true)));
        for path in ["/api/v1/products".to_owned(), format!("/api/v1/products/{product}")] {
            let seen = buyer.get(&path).await?.text();
            assert!(!seen.contains("vailable") && !seen.contains("ow\""), "{seen}");
        }
        Ok::<_, Box<dyn std::error::Error>>(())
    })??;
    let list = shop.cli.run(&["admin", "product", "list"])?;
    assert!(list.contains("open, low"), "{list}");
    let told = "SELECT count(*) FROM shop.outbox WHERE topic = 'product.stock_low'";
    assert_eq!(shop.ask(told)?, 1);
    shop.check()
}

#[test]
fn products_are_listed_by_category() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let games = [
        create(&shop, "one", &["--category", "游戏"])?,
        create(&shop, "two", &["--category", "游戏"])?,
    ];
    let other = create(&shop, "three", &["--category", "Music"])?;
    create(&shop, "four", &[])?;
    let reseller = shop.reseller()?;
    block_on(async {
        let mut buyer = shop.client(&reseller.token)?;
        // The name of the category, as an address has it.
        let path = "/api/v1/products?category=%E6%B8%B8%E6%88%8F&limit=1";
        let first = buyer.get(path).await?.expect(200)?;
        assert_eq!(first["items"][0]["product"], games[0].as_str());
        assert_eq!(first["items"][0]["category"], "游戏");
        let next = format!("{path}&after={}", first["next"].as_str().ok_or("no more")?);
        let last = buyer.get(&next).await?.expect(200)?;
        assert_eq!(
            (&last["items"][0]["product"], &last["next"]),
            (&json!(games[1]), &Value::Null)
        );
        let none = buyer.get("/api/v1/products?category=nothing").await?.expect(200)?;
        assert_eq!(none["items"], json!([]));
        Ok::<_, Box<dyn std::error::Error>>(())
    })??;
    let change = |to: &str| shop.cli.json(&["admin", "product", "change", &other, "--category", to]);
    assert_eq!(change(" 游戏 ")?["category"], "游戏");
    let listed = shop.cli.json(&["admin", "product", "list", "--category", "游戏"])?;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(3));
    assert_eq!(change("none")?["category"], Value::Null);
    let error = change(
        "a
b",
    )
    .err()
    .ok_or("a line break is a name")?
    .to_string();
    assert!(error.contains("category: "), "{error}");
    Ok(())
}

#[test]
fn a_coupon_is_made_used_shown_and_ended() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let product = create(&shop, "couponed", &[])?;
    shop.stock(&product, &codes("coupon", 10))?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "100", CURRENCY)?;
    let coupon = |args: &[&str]| shop.cli.json(&[&["admin", "coupon"], args].concat());
    let made = coupon(&[
        "add",
        "half-off",
        "--percent",
        "50",
        "--uses",
        "1",
        "--product",
        "couponed",
    ])?;
    assert_eq!(
        (&made["code"], &made["products"]),
        (&json!("HALF-OFF"), &json!([product]))
    );
    let later = [
        "add",
        "LATER",
        "--amount",
        "5",
        "--currency",
        CURRENCY,
        "--from",
        "2100-01-01",
    ];
    coupon(&later)?;
    for (args, rule) in [
        (&["add", "HALF-OFF", "--percent", "1"][..], "there is already a coupon"),
        (&["add", "X1Z", "--percent", "101"], "percent: "),
        (&["add", "X1Z", "--amount", "5"], "--currency"),
        (
            &["add", "X1Z", "--percent", "5", "--until", "2026-02-30"],
            "a day or a time in UTC",
        ),
    ] {
        let error = coupon(args).err().ok_or(rule)?.to_string();
        assert!(error.contains(rule), "{error}");
    }
    let with = |code: &str| json!({"lines": [{"product": product, "quantity": 3}], "coupon": code}).to_string();
    block_on(async {
        let (mut buyer, mut admin) = (shop.client(&reseller.token)?, shop.client(&shop.admin)?);
        let minimum = json!({"code": "RICH", "amount": "1", "currency": CURRENCY, "minimum": "99"});
        admin.post("/api/v1/coupons", minimum.to_string()).await?.expect(201)?;
        is_refused(&mut buyer, "unknown", &with("NOBODY"), "coupon_unknown").await?;
        is_refused(&mut buyer, "later", &with("LATER"), "coupon_not_yet_valid").await?;
        is_refused(&mut buyer, "rich", &with("RICH"), "coupon_minimum").await?;
        let placed = buyer.order("half", with("Half-Off")).await?.expect(201)?;
        assert_eq!(placed["total"], "15.00");
        is_refused(&mut buyer, "again", &with("HALF-OFF"), "coupon_used_up").await?;
        let path = format!("/api/v1/orders/{}", placed["order"].as_str().ok_or("no order")?);
        for client in [&mut buyer, &mut admin] {
            let shown = client.get(&path).await?.expect(200)?;
            let line = &shown["lines"][0];
            assert_eq!(
                (&shown["coupon"], &shown["discount"]),
                (&json!("HALF-OFF"), &json!("15.00"))
            );
            assert_eq!((&line["price"], &line["discount"]), (&json!("10.00"), &json!("15.00")));
        }
        let ended = admin.post("/api/v1/coupons/rich/end", "").await?.expect(200)?;
        assert!(ended["endedAt"].is_u64(), "{ended}");
        is_refused(&mut buyer, "ended", &with("RICH"), "coupon_expired").await?;
        let listed = admin.get("/api/v1/coupons").await?.expect(200)?;
        let uses = |at: usize| (listed["items"][at]["code"].clone(), listed["items"][at]["uses"].clone());
        assert_eq!(uses(0), (json!("HALF-OFF"), json!(1)));
        assert_eq!(uses(2), (json!("RICH"), json!(0)));
        buyer.get("/api/v1/coupons").await?.expect(403)?;
        Ok::<_, Box<dyn std::error::Error>>(())
    })??;
    shop.check()
}

//! The HTTP API, over the real program and database.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::pages::pages;
use shelfproof_tests::shop::{CURRENCY, PRICE, Reseller, Settings, TestShop, codes, order_of};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, tools};

const UNKNOWN: &str = "0192f0c4-b3d4-7e5f-8a6b-7c8d9e0f1a2b";

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str> {
    value[field]
        .as_str()
        .ok_or_else(|| format!("no {field} in {value}").into())
}

fn check_problem(answer: &Answer, status: u16, code: &str) -> Result<Value> {
    let problem = answer.expect(status)?;
    assert_eq!(problem["code"], code, "{problem}");
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{problem}");
    assert_eq!(
        problem["requestId"],
        answer.headers["x-request-id"].to_str()?,
        "{problem}"
    );
    Ok(problem)
}

async fn order(client: &mut Client, product: &str, key: &str) -> Result<(Answer, Value)> {
    let answer = client.order(key, order_of(product)).await?;
    let placed = answer.expect(201)?;
    Ok((answer, placed))
}

#[test]
fn an_order_is_shown_to_whoever_holds_it_and_to_nobody_else() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let product = shop.product(PRICE, CURRENCY)?;
    shop.stock_by_api(&product, &codes("held", 4))?;
    let (reseller, other) = (shop.reseller()?, shop.reseller()?);
    shop.credit(&reseller, "100", CURRENCY)?;
    block_on(is_shown(&shop, &product, &reseller, &other))?
}

async fn is_shown(shop: &TestShop, product: &str, reseller: &Reseller, other: &Reseller) -> Result<()> {
    let mut buyer = shop.client(&reseller.token)?;
    let (first, placed) = order(&mut buyer, product, "one").await?;
    let (again, _) = order(&mut buyer, product, "one").await?;
    assert_eq!(first.body, again.body, "a repeat is answered with other bytes");
    let mismatch = order_of(product).replace("1}", "2}");
    assert_ne!(mismatch, order_of(product));
    check_problem(&buyer.order("one", mismatch).await?, 422, "idempotency_mismatch")?;

    let path = format!("/api/v1/orders/{}", text(&placed, "order")?);
    let code = text(&placed["items"][0], "code")?;
    let mut holder = shop.client(text(&placed, "token")?)?;
    for client in [&mut buyer, &mut holder] {
        let seen = client.get(&path).await?.expect(200)?;
        assert_eq!(seen["items"][0]["code"], code);
        assert_eq!(seen["items"][0]["receipt"], placed["items"][0]["receipt"]);
        assert_eq!(
            seen["items"][0]["events"][0]["kind"], "sold",
            "the supplier's events are shown: {seen}"
        );
    }
    let mut admin = shop.client(&shop.admin)?;
    let seen = admin.get(&path).await?;
    assert_eq!(seen.expect(200)?["items"][0]["state"], "sold");
    assert!(
        !seen.text().contains(code) && !seen.text().contains("salt"),
        "{}",
        seen.text()
    );

    let (_, second) = order(&mut buyer, product, "two").await?;
    let mut stranger = shop.client(&other.token)?;
    let mut wrong_token = shop.client(text(&second, "token")?)?;
    for client in [&mut stranger, &mut wrong_token] {
        check_problem(&client.get(&path).await?, 404, "not_found")?;
        let redeem = client.post(&format!("{path}/redeem"), r#"{"item":1}"#).await?;
        check_problem(&redeem, 404, "not_found")?;
    }
    let redeem = admin.post(&format!("{path}/redeem"), r#"{"item":1}"#).await?;
    check_problem(&redeem, 403, "forbidden")?;
    check_problem(
        &stranger.order("three", order_of(product)).await?,
        402,
        "insufficient_credit",
    )?;
    let forged = format!("{}0", &text(&placed, "token")?[..text(&placed, "token")?.len() - 1]);
    if forged != text(&placed, "token")? {
        let answer = shop.client(&forged)?.get(&path).await?;
        check_problem(&answer, 401, "unauthenticated")?;
        assert!(answer.headers["www-authenticate"].to_str()?.starts_with("Bearer"));
    }
    check_problem(&holder.order("four", order_of(product)).await?, 403, "forbidden")?;
    check_problem(&buyer.get("/api/v1/batches").await?, 403, "forbidden")?;
    check_problem(&admin.get("/api/v1/wallet").await?, 403, "forbidden")?;
    check_problem(
        &buyer.get(&format!("/api/v1/orders/{UNKNOWN}")).await?,
        404,
        "not_found",
    )?;
    check_problem(&buyer.get("/api/v1/orders/x").await?, 404, "not_found")?;

    // Without a prover, the holder of the order still gets its receipts.
    for id in [text(&placed, "order")?, text(&placed["items"][0], "keyId")?] {
        let path = format!("/api/v1/proofs/{id}");
        for client in [&mut buyer, &mut holder] {
            let unproved = check_problem(&client.get(&path).await?, 503, "prover_unavailable")?;
            assert_eq!(
                unproved["receipts"],
                json!([placed["items"][0]["receipt"]]),
                "{unproved}"
            );
        }
        for client in [&mut stranger, &mut wrong_token] {
            check_problem(&client.get(&path).await?, 404, "not_found")?;
        }
        check_problem(&admin.get(&path).await?, 403, "forbidden")?;
    }
    check_problem(&buyer.get("/api/v1/proofs/x").await?, 404, "not_found")?;
    check_problem(&buyer.get("/data/epochs/0000000001.events").await?, 404, "not_found")?;

    let page = buyer.get("/api/v1/orders?limit=1").await?.expect(200)?;
    assert_eq!(page["items"][0]["order"], second["order"]);
    let next = format!("/api/v1/orders?limit=1&after={}", text(&page, "next")?);
    let page = buyer.get(&next).await?.expect(200)?;
    assert_eq!(
        (&page["items"][0]["order"], &page["next"]),
        (&placed["order"], &Value::Null)
    );
    Ok(())
}

#[test]
fn keys_come_in_are_used_paid_back_and_withdrawn() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "100", CURRENCY)?;
    block_on(live(&shop, &reseller))??;
    shop.check()
}

async fn live(shop: &TestShop, reseller: &Reseller) -> Result<()> {
    let (mut admin, mut buyer) = (shop.client(&shop.admin)?, shop.client(&reseller.token)?);
    let body = json!({"name": "月卡", "price": "9.9", "currency": "CNY"}).to_string();
    let made = admin.post("/api/v1/products", body.clone()).await?.expect(201)?;
    assert_eq!((&made["price"], &made["version"]), (&json!("9.90"), &json!(1)));
    check_problem(&admin.post("/api/v1/products", body).await?, 409, "conflict")?;
    let product = text(&made, "product")?;

    let batches = format!("/api/v1/products/{product}/batches");
    check_problem(&admin.post_file(&batches, "a\n").await?, 400, "invalid_field")?;
    let import = format!("{batches}?name=first&format=lines");
    let file = "CODE-0001\nCODE-0002\nCODE-0002\nCODE-0003\n";
    let report = admin.post_file(&import, file).await?.expect(200)?;
    assert_eq!(
        (&report["imported"], &report["refused"]),
        (&json!(3), &json!(1)),
        "{report}"
    );
    let batch = format!("/api/v1/batches/{}", text(&report, "batch")?);
    let refused = admin.get(&format!("{batch}/refused-lines")).await?.expect(200)?;
    assert_eq!(refused["items"][0]["line"], 3, "{refused}");
    let activated = admin.post(&format!("{batch}/activate"), "").await?.expect(200)?;
    assert_eq!(activated["activated"], 3);
    let stock = format!("/api/v1/products/{product}/stock");
    assert_eq!(admin.get(&stock).await?.expect(200)?["available"], 3);

    let (_, placed) = order(&mut buyer, product, "one").await?;
    let path = format!("/api/v1/orders/{}", text(&placed, "order")?);
    let key = format!("/api/v1/keys/{}", text(&placed["items"][0], "keyId")?);
    check_problem(
        &admin.post(&format!("{key}/void"), r#"{"reason":"no"}"#).await?,
        409,
        "conflict",
    )?;
    let redeem = format!("{path}/redeem");
    let problem = check_problem(&buyer.post(&redeem, r#"{"item":"1"}"#).await?, 400, "invalid_field")?;
    assert_eq!(problem["field"], "/item");
    let redeemed = buyer.post(&redeem, r#"{"item":1}"#).await?;
    assert_eq!(redeemed.expect(200)?["kind"], "redeemed");
    assert_eq!(buyer.post(&redeem, r#"{"item":1}"#).await?.body, redeemed.body);
    let refund = admin
        .post(&format!("{path}/refund"), r#"{"item":1,"reason":"broken"}"#)
        .await?;
    assert_eq!(refund.expect(200)?["kind"], "refunded");
    assert_eq!(admin.get(&key).await?.expect(200)?["state"], "refunded");
    assert_eq!(buyer.get(&path).await?.expect(200)?["state"], "refunded");
    let wallet = buyer.get("/api/v1/wallet").await?.expect(200)?;
    assert_eq!(wallet["credit"][0]["balance"], "100.00");
    stays_held(shop, &mut admin, &stock).await
}

/// Holds the next key of the shop's only pool, so that it cannot be withdrawn.
async fn stays_held(shop: &TestShop, admin: &mut Client, stock: &str) -> Result<()> {
    let key = shop.postgres.psql(
        &shop.database,
        "INSERT INTO shop.holds (pool_id, first_slot, end_slot, owner_kind, owner_id, expires_at_ms)
         SELECT pool_id, cursor, cursor + 1, 'claim', sku_id, 1790000000000 FROM shop.stock;
         INSERT INTO shop.takes (pool_id, first_slot, end_slot, first_holes, end_holes, hold_id)
         SELECT pool_id, first_slot, end_slot, cursor_holes, cursor_holes, holds.id FROM shop.holds JOIN shop.stock USING (pool_id);
         SELECT encode(key_id, 'hex') FROM shop.keys, shop.holds WHERE slot = first_slot",
    )?;
    let key = key.lines().last().ok_or("no key is held")?;
    let void = admin
        .post(&format!("/api/v1/keys/0x{key}/void"), r#"{"reason":"no"}"#)
        .await?;
    let problem = check_problem(&void, 409, "conflict")?;
    let detail = text(&problem, "detail")?;
    assert!(detail.starts_with("the key is held by claim "), "{detail}");
    assert!(detail.ends_with(" until 2026-09-21 14:13:20 UTC."), "{detail}");
    let stock = admin.get(stock).await?.expect(200)?;
    assert_eq!((&stock["available"], &stock["held"]), (&json!(1), &json!(1)));
    Ok(())
}

#[test]
fn a_stranger_finds_the_description_the_health_and_the_merchant() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    block_on(finds(&shop))?
}

async fn finds(shop: &TestShop) -> Result<()> {
    let mut client = shop.client("")?;
    assert_eq!(client.get("/healthz").await?.expect(200)?["status"], "ok");
    let ready = client.get("/readyz").await?.expect(200)?;
    assert_eq!(
        ready,
        json!({"database": true, "schema": true, "clock": true, "chainClock": null, "orders": true, "fence": true})
    );
    assert!(client.get("/docs/").await?.text().contains("swagger"));
    let description = client.get("/openapi.json").await?.expect(200)?;
    assert!(description["paths"]["/api/v1/orders"].is_object());
    assert_eq!(
        undescribed(&description)?,
        [""; 0],
        "the pages name what no program answers"
    );
    check_problem(&client.get("/nothing?token=geheim").await?, 404, "not_found")?;
    check_problem(&client.get("/api/v1/wallet").await?, 401, "unauthenticated")?;
    check_problem(&client.get("/metrics").await?, 401, "unauthenticated")?;
    let metrics = shop.client(&shop.admin)?.get("/metrics").await?.text();
    let counted = r#"shelfproof_http_requests_total{method="GET",route="/healthz",status="200"}"#;
    assert!(
        metrics.contains(counted) && metrics.contains(r#"route="none""#),
        "{metrics}"
    );
    assert!(!shop.logs()?.contains("geheim"), "a query is in the log");
    client.move_to(shop.metrics(0).ok_or("no address for metrics")?);
    assert!(client.get("/metrics").await?.text().contains(counted));
    assert_eq!(client.get("/healthz").await?.status, 404, "more than metrics is there");
    client.move_to(shop.address(0));

    let merchant = client.get("/.well-known/shelfproof.json").await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("shelfproof.json");
    fs::write(&file, &merchant.body)?;
    let pinned = Command::new(tools::binary("shelfproof-verify")?)
        .args(["trust", "add", "harness", "--from"])
        .arg(&file)
        .env("SHELFPROOF_TRUST_STORE", folder.path().join("merchants.json"))
        .output()?;
    assert!(pinned.status.success(), "{}", String::from_utf8_lossy(&pinned.stderr));
    Ok(())
}

/// The addresses of the API that README and `docs/` name, `METHOD /path` or `/path`, and that the description lacks.
fn undescribed(description: &Value) -> Result<Vec<String>> {
    // Parameters match under any name.
    let shape = |path: &str| {
        let parts = path
            .split('/')
            .map(|part| if part.starts_with('{') { "{}" } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    let described: Vec<(String, &Value)> = description["paths"]
        .as_object()
        .ok_or("no paths")?
        .iter()
        .map(|(path, item)| (shape(path), item))
        .collect();
    let is_described = |method: &str, path: &str| {
        let mut found = described.iter().filter(|(other, _)| *other == shape(path));
        found.any(|(_, item)| method.is_empty() || item[method.to_lowercase()].is_object())
    };
    // The page that renders the description is not listed in it, and the anchor's addresses have no description.
    let anchor = fs::read_to_string(tools::root().join("anchor/src/http.rs"))?;
    let anchor_s = |path: &str| path.starts_with("/v1/") && anchor.contains(&format!("\"{path}\""));
    let mut wrong = Vec::new();
    for page in pages()? {
        for code in page.code() {
            let (method, path) = code
                .split_once(" /")
                .map_or(("", code.as_str()), |(method, _)| (method, code[method.len()..].trim()));
            let is_request = path.starts_with('/') && method.chars().all(|c| c.is_ascii_uppercase());
            if is_request && path != "/docs" && !is_described(method, path) && !anchor_s(path) {
                wrong.push(format!("{}: {code}", page.path));
            }
        }
    }
    Ok(wrong)
}

//! `--json` on the command line and the API use the same field names for the same things.

use serde_json::{Value, json};
use shelfproof_tests::Result;
use shelfproof_tests::shop::{CURRENCY, PRICE, Purchase, Settings, TestShop, codes, order_of};
use shelfproof_tests::vector_chain::block_on;

/// Returns the field names of an object.
fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn the_command_line_spells_things_as_the_api_does() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let product = shop.product(PRICE, CURRENCY)?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "100", CURRENCY)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("codes.txt");
    std::fs::write(&file, [codes("spelt", 3), vec!["---".to_owned()]].concat().join("\n"))?;
    let file = file.to_str().ok_or("a path that is not UTF-8")?;
    let imported = shop
        .cli
        .json(&["import", file, "--product", &product, "--batch", "one"])?;
    let activated = shop
        .cli
        .json(&["activate", imported["batch"].as_str().unwrap_or_default()])?;
    assert_eq!((&activated["now"], &activated["activated"]), (&json!(3), &json!(3)));
    let order = block_on(compare(&shop, &product, &reseller.token, &imported, &activated))??;

    // An order that waits for a person is made here by hand: the worker sets one aside only if the database refuses it.
    let abnormal = |shop: &TestShop| shop.cli.json(&["admin", "order", "list", "--state", "abnormal"]);
    assert_eq!(abnormal(&shop)?, json!({"items": []}));
    shop.postgres.psql(
        &shop.database,
        &format!(
            "INSERT INTO shop.orders (id, fingerprint, account_id, channel, state, version, reason, lines, subtotal_minor, discount_minor,
                                      total_minor, currency, batch_id, created_at_ms)
             SELECT gen_random_uuid(), fingerprint, account_id, channel, 'abnormal', 1, 'abnormal', lines, 0, 0, 0, '', batch_id, 1
             FROM shop.orders WHERE id = '{order}'"
        ),
    )?;
    let found = abnormal(&shop)?;
    assert_eq!(found["items"][0]["state"], "abnormal", "{found}");
    let by_api = block_on(async {
        let mut admin = shop.client(&shop.admin)?;
        admin.get("/api/v1/orders?state=abnormal").await?.expect(200)
    })??;
    assert_eq!(found, by_api);
    let unknown = shop.cli.output(&["admin", "order", "show", &product])?;
    assert_eq!(unknown.status.code(), Some(1));
    let shown = shop.cli.run(&["admin", "order", "show", &order])?;
    assert!(shown.contains("delivered") && shown.contains("9.90 CNY"), "{shown}");
    Ok(())
}

/// Compares products, batches and orders. Returns the id of an order.
async fn compare(shop: &TestShop, product: &str, token: &str, imported: &Value, activated: &Value) -> Result<String> {
    let mut admin = shop.client(&shop.admin)?;
    let bought = shop.client(token)?.order("one", order_of(product)).await?;
    let order = Purchase::read(&bought)?.order;

    let shown = shop.cli.json(&["admin", "order", "show", &order])?;
    assert_eq!(shown, admin.get(&format!("/api/v1/orders/{order}")).await?.expect(200)?);
    let listed = shop.cli.json(&["admin", "order", "list"])?;
    assert_eq!(listed, admin.get("/api/v1/orders").await?.expect(200)?);
    let products = shop.cli.json(&["admin", "product", "list"])?;
    assert_eq!(products, admin.get("/api/v1/products").await?.expect(200)?);

    let mut shown = shop.cli.json(&["admin", "product", "show", product])?;
    let stock = shown.as_object_mut().and_then(|shown| shown.remove("stock"));
    let path = format!("/api/v1/products/{product}");
    assert_eq!(shown, admin.get(&path).await?.expect(200)?);
    assert_eq!(stock, Some(admin.get(&format!("{path}/stock")).await?.expect(200)?));

    let report = admin
        .post_file(&format!("{path}/batches?name=two"), "A\nB\n")
        .await?
        .expect(200)?;
    let mut own = names(imported);
    own.retain(|name| *name != "refusedLines");
    assert_eq!(own, names(&report));
    let batch = imported["batch"].as_str().unwrap_or_default();
    let lines = admin
        .get(&format!("/api/v1/batches/{batch}/refused-lines"))
        .await?
        .expect(200)?;
    assert_eq!(imported["refusedLines"], lines["items"]);
    let again = admin
        .post(&format!("/api/v1/batches/{batch}/activate"), "")
        .await?
        .expect(200)?;
    assert_eq!(names(activated), names(&again));
    Ok(order)
}

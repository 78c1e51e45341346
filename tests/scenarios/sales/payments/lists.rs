//! What an operator sees of payments, and which accounts a node refuses to start with.

use std::fs;

use serde_json::json;
use shelfproof_tests::Result;
use shelfproof_tests::shop::PayingShop;
use shelfproof_tests::vector_chain::block_on;

use super::{key, shop};

#[test]
fn payments_and_accounts_are_listed() -> Result<()> {
    let shop = shop(3)?;
    block_on(are_listed(&shop))??;
    let cli = &shop.shop.cli;
    let listed = cli.json(&["admin", "payment", "list", "--state", "received"])?;
    let payment = listed["items"][0]["payment"].as_str().ok_or("no payment")?;
    assert_eq!(cli.json(&["admin", "payment", "show", payment])?, listed["items"][0]);
    assert!(cli.run(&["admin", "payment", "show", payment])?.contains("received"));
    let csv = cli.run(&["admin", "payment", "list", "--csv"])?;
    assert_eq!(csv.lines().count(), 4, "{csv}");
    let accounts = cli.json(&["admin", "gateway", "list"])?;
    assert_eq!(
        accounts["items"][1],
        json!({"gateway": "main", "kind": "test", "currency": "CNY", "collected": "9.90", "isConfigured": true})
    );
    assert_eq!(accounts["items"].as_array().map(Vec::len), Some(4));
    Ok(())
}

async fn are_listed(shop: &PayingShop) -> Result<()> {
    let mut placed = Vec::new();
    for name in ["a", "b", "c"] {
        placed.push(shop.place(&key(name), 1).await?);
    }
    shop.pay(&placed[1].url).await?;
    shop.wait_for(&placed[1], "delivered").await?;
    let mut admin = shop.shop.client(&shop.shop.admin)?;
    let first = admin.get("/api/v1/payments?limit=2").await?.expect(200)?;
    let ids = |page: &serde_json::Value| -> Vec<String> {
        let items = page["items"].as_array().into_iter().flatten();
        items
            .filter_map(|item| item["payment"].as_str().map(str::to_owned))
            .collect()
    };
    assert_eq!(ids(&first), [placed[2].payment.clone(), placed[1].payment.clone()]);
    let next = first["next"].as_str().ok_or("no next page")?;
    let second = admin
        .get(&format!("/api/v1/payments?limit=2&after={next}"))
        .await?
        .expect(200)?;
    assert_eq!(
        (ids(&second), &second["next"]),
        (vec![placed[0].payment.clone()], &json!(null))
    );
    for (filter, expected) in [
        ("state=received".to_owned(), vec![&placed[1]]),
        ("state=pending".to_owned(), vec![&placed[2], &placed[0]]),
        ("gateway=second".to_owned(), vec![]),
        (format!("order={}&gateway=main", placed[0].order), vec![&placed[0]]),
    ] {
        let page = admin.get(&format!("/api/v1/payments?{filter}")).await?.expect(200)?;
        let expected: Vec<String> = expected.iter().map(|placed| placed.payment.clone()).collect();
        assert_eq!(ids(&page), expected, "{filter}");
    }
    for refused in ["state=paid", "order=1", "after=1", "more=1"] {
        assert_eq!(
            admin.get(&format!("/api/v1/payments?{refused}")).await?.status,
            400,
            "{refused}"
        );
    }
    let file = admin.get("/api/v1/payments.csv?state=received").await?;
    assert_eq!(file.text().lines().count(), 2, "{}", file.text());
    let holder = shop.shop.client(&placed[0].token)?.get("/api/v1/payments").await?;
    assert_eq!(holder.status, 403);
    Ok(())
}

#[test]
fn a_name_stays_with_its_protocol_and_a_test_gateway_at_home() -> Result<()> {
    let shop = PayingShop::start()?;
    let file = shop.shop.folder().join("shelfproof.toml");
    let config = fs::read_to_string(&file)?;
    let serve = |config: &str, more: &[&str]| -> Result<(bool, String)> {
        fs::write(&file, config)?;
        let output = shop.shop.cli.output(&[&["serve"], more].concat())?;
        let said = [output.stdout, output.stderr].concat();
        Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
    };
    let (is_fine, shown) = serve(&config, &["--check-config"])?;
    assert!(
        is_fine && shown.contains("main = ") && !shown.contains("wq8xkUwzKbWn4Ha7"),
        "{shown}"
    );
    let others = config.replacen("kind = \"test\"", "kind = \"epay_v1\"", 1);
    let (is_fine, said) = serve(&others, &["--listen", "127.0.0.1:0"])?;
    assert!(
        !is_fine && said.contains("gateways: main was used before for something else"),
        "{said}"
    );
    for (from, to, words) in [
        (
            "public_url = \"http://127.0.0.1",
            "public_url = \"https://shop.example\" # ",
            "gateways.main.kind is for a shop that is tried out",
        ),
        (
            "public_url = \"http://127.0.0.1",
            "# ",
            "checkout.public_url must be set where there are gateways",
        ),
        (
            "[gateways.second]",
            "[gateways.Second]",
            "gateways.Second must be called by",
        ),
        ("kind = \"test\"", "kind = \"paypal\"", "gateways"),
        (
            "wq8xkUwzKbWn4Ha7",
            "12345678",
            "gateways.main.key must be the account's own secret",
        ),
    ] {
        let (is_fine, said) = serve(&config.replacen(from, to, 1), &["--check-config"])?;
        assert!(!is_fine && said.contains(words), "{words}: {said}");
    }
    Ok(())
}

//! Lists of batches and of keys.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use shelfproof_tests::Result;
use shelfproof_tests::client::Client;
use shelfproof_tests::shop::{CURRENCY, PRICE, Settings, StockedShop, TestShop, codes, order_lines};
use shelfproof_tests::vector_chain::block_on;

use super::{first_cells, ids, ids_of, rows, walk};

/// Imports those codes by the API, and returns the batch.
async fn import(admin: &mut Client, product: &str, query: &str, codes: &[String]) -> Result<String> {
    let path = format!("/api/v1/products/{product}/batches?{query}");
    let made = admin.post_file(&path, codes.join("\n")).await?.expect(200)?;
    Ok(ids_of(&made, "batch"))
}

#[test]
fn each_filter_finds_the_batches_that_it_names() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let (one, two) = (shop.product(PRICE, CURRENCY)?, shop.product(PRICE, CURRENCY)?);
    block_on(async {
        let mut admin = shop.client(&shop.admin)?;
        let mut batches = Vec::new();
        for (product, query) in [
            (&one, "name=May-2026&supplier=Acme"),
            (&one, "name=June&supplier=Acme%20Ltd"),
            (&two, "name=%E4%BA%94%E6%9C%88,%20%22may%22"),
            (&two, "name==1%2B1&supplier=@acme"),
        ] {
            let number = batches.len();
            batches.push(import(&mut admin, product, query, &codes(&format!("list-{number}"), 3)).await?);
        }
        admin
            .post(&format!("/api/v1/batches/{}/withdraw", batches[1]), "")
            .await?
            .expect(200)?;
        let unfinished = format!(
            "UPDATE shop.batches SET is_complete = false WHERE id = '{}'",
            batches[3]
        );
        shop.postgres.psql(&shop.database, &unfinished)?;
        for (filter, numbers) in [
            (String::new(), vec![0, 1, 2, 3]),
            (format!("product={two}"), vec![2, 3]),
            ("supplier=Acme".to_owned(), vec![0]),
            ("supplier=@acme".to_owned(), vec![3]),
            ("state=complete".to_owned(), vec![0, 2]),
            ("state=withdrawn".to_owned(), vec![1]),
            ("state=incomplete".to_owned(), vec![3]),
            ("search=may".to_owned(), vec![0, 2]),
            ("search=%E4%BA%94%E6%9C%88".to_owned(), vec![2]),
            (format!("search=may&product={one}&state=complete"), vec![0]),
            ("search=%25".to_owned(), vec![]),
        ] {
            let expected: Vec<&String> = numbers.iter().map(|number| &batches[*number]).collect();
            for limit in [1, 50] {
                let found = walk(&mut admin, &format!("/api/v1/batches?{filter}"), "batch", limit)
                    .await?
                    .0;
                assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter}");
            }
            let file = admin.get(&format!("/api/v1/batches.csv?{filter}")).await?;
            assert_eq!(first_cells(&file)?.iter().collect::<Vec<_>>(), expected, "{filter}");
        }
        let file = rows(&admin.get("/api/v1/batches.csv").await?)?;
        assert_eq!(file[1][2..5], ["June", "Acme Ltd", "withdrawn"]);
        assert_eq!(file[2][2], "五月, \"may\"");
        assert_eq!(
            file[3][2..5],
            ["'=1+1", "'@acme", "incomplete"],
            "a spreadsheet would run this"
        );
        Ok::<_, Box<dyn std::error::Error>>(())
    })??;
    let args = [
        "admin",
        "batch",
        "list",
        "--search",
        "MAY",
        "--state",
        "complete",
        "--product",
        &two,
    ];
    assert_eq!(shop.cli.json(&args)?["items"].as_array().map(Vec::len), Some(1));
    let file = shop.cli.run(&["admin", "batch", "list", "--csv"])?;
    assert!(file.contains(",'=1+1,'@acme,"), "{file}");
    Ok(())
}

/// The key ids that `keys.csv` or a page lists.
type Keys = BTreeSet<String>;

#[test]
fn each_filter_finds_the_keys_that_it_names() -> Result<()> {
    let sold = codes("sold", 4);
    let shop = StockedShop::with_codes(TestShop::start(&Settings::default())?, "100.00", &sold)?;
    let second = shop.shop.product(PRICE, CURRENCY)?;
    let idle = codes("idle", 7);
    let placed = block_on(async {
        let mut admin = shop.shop.client(&shop.shop.admin)?;
        let mut buyer = shop.shop.client(&shop.reseller.token)?;
        let batch = import(&mut admin, &second, "name=idle", &idle).await?;
        let body = order_lines(&[(&shop.product, 2)]);
        let placed = buyer.order("two", body).await?.expect(201)?;
        let redeem = format!("/api/v1/orders/{}/redeem", ids_of(&placed, "order"));
        buyer.post(&redeem, r#"{"item":1}"#).await?.expect(200)?;
        finds(&mut admin, &shop, &second, &batch, &placed).await?;
        Ok::<_, Box<dyn std::error::Error>>(placed)
    })??;
    let key = &ids(&placed, "keyId")[0];
    let list = |more: &[&str]| shop.shop.cli.run(&[&["admin", "key", "list"], more].concat());
    assert!(list(&["--search", &key[..10]])?.contains(key));
    let file = list(&["--product", &second, "--batch", "idle", "--csv"])?;
    assert_eq!(file.lines().count(), 8, "{file}");
    let shown = shop.shop.cli.json(&["admin", "key", "list", "--state", "redeemed"])?;
    assert_eq!(ids(&shown, "keyId"), [key.as_str()]);
    assert_eq!(ids(&shown, "order"), [ids_of(&placed, "order")]);
    for code in sold.iter().chain(&idle) {
        assert!(!file.contains(code) && !list(&[])?.contains(code), "a code is shown");
    }
    Ok(())
}

async fn finds(admin: &mut Client, shop: &StockedShop, second: &str, batch: &str, placed: &Value) -> Result<()> {
    let (product, order, keys) = (&shop.product, ids_of(placed, "order"), ids(placed, "keyId"));
    let all = walk(admin, "/api/v1/keys", "keyId", 100).await?.0;
    assert_eq!(all.len(), 11, "{all:?}");
    let of = |range: std::ops::Range<usize>| all[range].iter().cloned().collect::<Keys>();
    let own = |numbers: &[usize]| numbers.iter().map(|number| keys[*number].clone()).collect::<Keys>();
    for (filter, expected) in [
        (String::new(), of(0..11)),
        (format!("product={product}"), of(0..4)),
        (format!("product={second}"), of(4..11)),
        (format!("batch={batch}"), of(4..11)),
        (format!("batch={batch}&product={product}"), Keys::new()),
        ("state=generated".to_owned(), of(4..11)),
        ("state=activated".to_owned(), of(2..4)),
        ("state=sold".to_owned(), own(&[1])),
        ("state=redeemed".to_owned(), own(&[0])),
        ("state=voided".to_owned(), Keys::new()),
        (format!("product={product}&state=redeemed"), own(&[0])),
        (format!("order={order}"), own(&[0, 1])),
        (format!("order={order}&state=sold"), own(&[1])),
        (format!("order={order}&product={second}"), Keys::new()),
        (format!("search={}", keys[1]), own(&[1])),
        (format!("search={}", &keys[1][..10]), own(&[1])),
        (format!("search={}&order={order}", &keys[1][2..]), own(&[1])),
        (format!("search={}&state=redeemed", keys[1]), Keys::new()),
        ("order=0192f0c4-b3d4-7e5f-8a6b-7c8d9e0f1a2b".to_owned(), Keys::new()),
    ] {
        for limit in [1, 3, 50] {
            let found = walk(admin, &format!("/api/v1/keys?{filter}"), "keyId", limit).await?.0;
            assert_eq!(found.len(), expected.len(), "{filter}");
            assert_eq!(found.into_iter().collect::<Keys>(), expected, "{filter}");
        }
        let file = first_cells(&admin.get(&format!("/api/v1/keys.csv?{filter}")).await?)?;
        assert_eq!(file.into_iter().collect::<Keys>(), expected, "{filter}");
    }
    Ok(())
}

#[test]
fn many_batches_and_keys_are_gone_through_in_bounded_pages() -> Result<()> {
    let shop = StockedShop::over(TestShop::start(&Settings::default())?, "10.00")?;
    let file = shop.shop.folder().join("many.txt");
    fs::write(&file, codes("many", 3_000).join("\n"))?;
    shop.shop.cli.import(&shop.product, "many", &file)?;
    let copies = "INSERT INTO shop.batches (id, sku_id, name, supplier, wrapped_key, master_generation, source, is_complete,
                                            created_at_ms)
                  SELECT md5('batch ' || n)::uuid, sku_id, 'copy ' || n, 'x', wrapped_key, master_generation, source, true, 1
                  FROM shop.batches, generate_series(1, 120) n";
    shop.shop.postgres.psql(&shop.shop.database, copies)?;
    block_on(async {
        let mut admin = shop.shop.client(&shop.shop.admin)?;
        let (found, bound) = walk(&mut admin, "/api/v1/keys?state=voided", "keyId", 50).await?;
        assert_eq!(found.len(), 0);
        assert!(bound >= 2, "{bound} pages ended at the bound");
        let (found, _) = walk(&mut admin, "/api/v1/keys", "keyId", 100).await?;
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 3_000);
        let file = admin.get("/api/v1/keys.csv").await?;
        assert_eq!(first_cells(&file)?, found);
        assert_eq!(
            walk(&mut admin, "/api/v1/batches?supplier=x", "batch", 100)
                .await?
                .0
                .len(),
            120
        );
        Ok(())
    })?
}

//! Lists of orders, keys and batches: filters, pages, bounds, and CSV.

use std::collections::HashSet;
use std::error::Error;

use serde_json::Value;
use shelfproof_tests::Result;
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::shop::{CURRENCY, PRICE, Reseller, Settings, StockedShop, TestShop, codes, order_of};
use shelfproof_tests::vector_chain::block_on;

mod all;
mod filters;
mod stock;

/// The ids of a field of a list's entries.
fn ids(page: &Value, field: &str) -> Vec<String> {
    let items = page["items"].as_array().into_iter().flatten();
    items
        .map(|item| item[field].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// All pages of a list, each of at most `limit` entries: the ids, and how many pages ended at the bound.
async fn walk(client: &mut Client, path: &str, field: &str, limit: usize) -> Result<(Vec<String>, usize)> {
    let sign = if path.contains('?') { '&' } else { '?' };
    let (mut found, mut bound, mut after) = (Vec::new(), 0, String::new());
    for _ in 0..10_000 {
        let page = client
            .get(&format!("{path}{sign}limit={limit}{after}"))
            .await?
            .expect(200)?;
        let own = ids(&page, field);
        assert!(own.len() <= limit, "{page}");
        bound += usize::from(page["lookedAt"].is_u64());
        found.extend(own);
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return Ok((found, bound)),
        }
    }
    Err(format!("{path} has no end").into())
}

/// The rows of a CSV file, without its header.
fn rows(answer: &Answer) -> Result<Vec<Vec<String>>> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.headers["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    let mut reader = csv::Reader::from_reader(&*answer.body);
    Ok(reader.deserialize().collect::<std::result::Result<_, _>>()?)
}

/// The first cell of each row.
fn first_cells(answer: &Answer) -> Result<Vec<String>> {
    Ok(rows(answer)?.into_iter().map(|row| row[0].clone()).collect())
}

/// The field that a problem names.
async fn refused_field(client: &mut Client, path: &str) -> Result<String> {
    let problem = client.get(path).await?.expect(400)?;
    assert_eq!(problem["code"], "invalid_field", "{problem}");
    Ok(problem["field"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn pages_show_each_order_once_while_others_come_in() -> Result<()> {
    let shop = StockedShop::with_codes(TestShop::start(&Settings::default())?, "1000.00", &codes("pages", 20))?;
    block_on(async {
        let mut buyer = shop.shop.client(&shop.reseller.token)?;
        let mut admin = shop.shop.client(&shop.shop.admin)?;
        for key in 0..7 {
            buyer
                .order(&format!("early-{key}"), order_of(&shop.product))
                .await?
                .expect(201)?;
        }
        let early = walk(&mut buyer, "/api/v1/orders", "order", 100).await?.0;
        assert_eq!(early.len(), 7);
        for (client, path) in [
            (&mut buyer, "/api/v1/orders"),
            (&mut admin, "/api/v1/orders?state=delivered"),
        ] {
            let sign = if path.contains('?') { '&' } else { '?' };
            let (mut seen, mut after) = (Vec::new(), String::new());
            for round in 0.. {
                let page = client.get(&format!("{path}{sign}limit=2{after}")).await?.expect(200)?;
                seen.extend(ids(&page, "order"));
                let mut other = shop.shop.client(&shop.reseller.token)?;
                let key = format!("late-{path}-{round}");
                other.order(&key, order_of(&shop.product)).await?.expect(201)?;
                match page["next"].as_str() {
                    Some(next) => after = format!("&after={next}"),
                    None => break,
                }
            }
            assert_eq!(
                seen.iter().collect::<HashSet<_>>().len(),
                seen.len(),
                "an order came twice"
            );
            assert_eq!(seen[seen.len() - 7..], early, "an order is missing, or moved");
        }
        Ok(())
    })?
}

/// A second reseller with credit.
fn another(shop: &TestShop) -> Result<Reseller> {
    let other = shop.reseller()?;
    shop.credit(&other, "1000.00", CURRENCY)?;
    Ok(other)
}

#[test]
fn a_reseller_lists_its_own_orders_alone() -> Result<()> {
    let shop = StockedShop::with_codes(TestShop::start(&Settings::default())?, "1000.00", &codes("own", 10))?;
    let other = another(&shop.shop)?;
    block_on(async {
        let mut own = shop.shop.client(&shop.reseller.token)?;
        let mut stranger = shop.shop.client(&other.token)?;
        let mut orders = Vec::new();
        for (key, is_own) in [("a", true), ("b", false), ("c", true)] {
            let client = if is_own { &mut own } else { &mut stranger };
            let placed = client.order(key, order_of(&shop.product)).await?.expect(201)?;
            orders.push((ids_of(&placed, "order"), ids(&placed, "keyId").remove(0)));
        }
        let mine = [orders[2].0.clone(), orders[0].0.clone()];
        let (theirs, their_key) = orders[1].clone();
        let product = &shop.product;
        let paths = [
            String::new(),
            "?state=delivered".to_owned(),
            format!("?product={product}"),
            format!("?product={product}&state=delivered"),
            "?from=0&until=99999999999999".to_owned(),
        ];
        for path in &paths {
            let found = walk(&mut own, &format!("/api/v1/orders{path}"), "order", 1).await?.0;
            assert_eq!(found, mine, "{path}");
            let file = own.get(&format!("/api/v1/orders.csv{path}")).await?;
            assert_eq!(first_cells(&file)?, mine, "{path}");
        }
        for term in [&theirs, &theirs[..8].to_owned(), &their_key] {
            let found = own.get(&format!("/api/v1/orders?search={term}")).await?.expect(200)?;
            assert!(!ids(&found, "order").contains(&theirs), "{term}: {found}");
            let found = stranger
                .get(&format!("/api/v1/orders?search={term}"))
                .await?
                .expect(200)?;
            assert_eq!(ids(&found, "order"), [theirs.as_str()], "{term}");
        }
        // The cursor is a place in one's own list.
        let path = format!("/api/v1/orders?after={theirs}");
        assert_eq!(refused_field(&mut own, &path).await?, "after");
        let account = account_of(&shop.shop, &other)?;
        let answer = own.get(&format!("/api/v1/orders?account={account}")).await?;
        assert_eq!(answer.expect(403)?["code"], "forbidden");
        let answer = own.get(&format!("/api/v1/orders.csv?account={account}")).await?;
        assert_eq!(answer.status, 403);
        let found = stranger
            .get(&format!("/api/v1/orders?account={account}"))
            .await?
            .expect(200)?;
        assert_eq!(ids(&found, "order"), [theirs]);
        assert!(found["items"][0]["account"].is_null(), "{found}");
        for path in ["keys", "keys.csv", "batches", "batches.csv"] {
            assert_eq!(own.get(&format!("/api/v1/{path}")).await?.status, 403, "{path}");
        }
        Ok(())
    })?
}

fn ids_of(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

fn account_of(shop: &TestShop, reseller: &Reseller) -> Result<String> {
    let sql = format!("SELECT id FROM shop.accounts WHERE name = '{}'", reseller.name);
    shop.postgres.psql(&shop.database, &sql)
}

#[test]
fn a_parameter_that_breaks_a_rule_is_named() -> Result<()> {
    let shop = TestShop::start(&Settings::default())?;
    let _ = shop.product(PRICE, CURRENCY)?;
    block_on(async {
        let mut admin = shop.client(&shop.admin)?;
        for (path, field) in [
            ("orders?state=lost", "state"),
            ("orders?status=delivered", "status"),
            ("orders?product=x", "product"),
            ("orders?account=x", "account"),
            ("orders?from=9223372036854775808", "from"),
            ("orders?until=18446744073709551615", "until"),
            ("products?category=%00", "category"),
            ("products?category=", "category"),
            ("orders?from=yesterday", "from"),
            ("orders?until=-1", "until"),
            ("orders?from=2&until=2", "until"),
            ("orders?search=1234567", "search"),
            ("orders?search=0x1234567890", "search"),
            ("orders?after=x", "after"),
            ("orders?after=0192f0c4-b3d4-7e5f-8a6b-7c8d9e0f1a2b", "after"),
            ("orders?limit=101", "limit"),
            ("orders?state=refunded&state=refunded", "state"),
            ("orders.csv?limit=1", "limit"),
            ("orders.csv?state=lost", "state"),
            ("keys?batch=x", "batch"),
            ("keys?product=x", "product"),
            ("keys?state=lost", "state"),
            ("keys?order=x", "order"),
            ("keys?search=0x1234567", "search"),
            ("keys?after=1", "after"),
            ("batches?product=x", "product"),
            ("batches?supplier=", "supplier"),
            ("batches?state=lost", "state"),
            ("batches?search=", "search"),
            ("batches?after=x", "after"),
        ] {
            assert_eq!(
                refused_field(&mut admin, &format!("/api/v1/{path}")).await?,
                field,
                "{path}"
            );
        }
        Ok::<_, Box<dyn Error>>(())
    })??;
    for (args, rule) in [
        (
            vec!["order", "list", "--state", "lost"],
            "it must be one of awaiting_payment",
        ),
        (vec!["order", "list", "--from", "yesterday"], "a day or a time in UTC"),
        (
            vec!["order", "list", "--search", "12"],
            "at least its first 8 hex digits",
        ),
        (vec!["key", "list", "--state", "lost"], "it must be one of generated"),
        (vec!["batch", "list", "--state", "lost"], "it must be one of incomplete"),
        (vec!["order", "list", "--csv", "--limit", "3"], "cannot be used with"),
        (vec!["order", "list", "--csv", "--json"], "either --csv or --json"),
    ] {
        let output = shop.cli.output(&[&["admin"], &*args].concat())?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && told.contains(rule), "{args:?}: {told}");
    }
    Ok(())
}

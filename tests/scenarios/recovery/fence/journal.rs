//! A node sells only from a database that has every batch of the receipt journal, and tells nobody of a sale that is not
//! in there.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use alloy_primitives::B256;
use serde_json::Value;
use shelfproof_tests::Result;
use shelfproof_tests::anchored_shop::{AnchoredShop, Plan};
use shelfproof_tests::client::{Answer, Client};
use shelfproof_tests::postgres::Durability;
use shelfproof_tests::shop::{
    Addresses, CURRENCY, Node, PRICE, Purchase, Settings, StockedShop, TestShop, codes, order_of,
};
use shelfproof_tests::vector_chain::block_on;

use super::chain::Chain;
use super::shop::{FencedShop, get, said};
use crate::kills::{BUYERS, ORDERS, SOLD, kill_under_load};

/// The files, those that were begun first before the others.
fn files(shop: &TestShop) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(shop.journal())?.map(|entry| Ok(entry?.path()));
    let mut files: Vec<PathBuf> = entries.collect::<Result<_>>()?;
    files.sort();
    Ok(files)
}

/// The fields of each record that is whole.
fn records(shop: &TestShop) -> Result<Vec<Vec<String>>> {
    let mut records = Vec::new();
    for file in files(shop)? {
        let text = String::from_utf8_lossy(&fs::read(file)?).into_owned();
        let whole = text.split_inclusive('\n').filter(|line| line.len() == 368);
        records.extend(whole.map(|line| line.split_whitespace().map(str::to_owned).collect()));
    }
    Ok(records)
}

/// The signatures in the journal.
fn signatures(shop: &TestShop) -> Result<HashSet<String>> {
    Ok(records(shop)?.into_iter().map(|record| record[4].clone()).collect())
}

fn signature(receipt: &Value) -> Result<&str> {
    Ok(receipt["signature"].as_str().ok_or("a receipt without a signature")?)
}

/// Copies a database that no node is connected to.
fn copy(shop: &TestShop, name: &str) -> Result<()> {
    let sql = format!("CREATE DATABASE {name} TEMPLATE {}", shop.database);
    shop.postgres.psql("postgres", &sql).map(drop)
}

/// A shop without a chain and without a node, with three keys on sale.
fn stocked() -> Result<StockedShop> {
    let shop = TestShop::start(&Settings {
        nodes: 0,
        ..Settings::default()
    })?;
    let stocked = StockedShop::over(shop, "100.00")?;
    stocked.shop.stock(&stocked.product, &codes("journal", 3))?;
    Ok(stocked)
}

fn order(stocked: &StockedShop, node: &Node, name: &str) -> Result<Answer> {
    let body = order_of(&stocked.product);
    block_on(async {
        Ok(Client::new(node.address(), &stocked.reseller.token)?
            .order(name, body)
            .await?)
    })?
}

#[test]
fn a_dump_that_was_taken_after_the_last_epoch_sells_nothing() -> Result<()> {
    let chain = Chain::start()?;
    let stocked = FencedShop::start(chain.settings())?;
    let shop = &stocked.shop;
    stocked.stock()?;
    let node = shop.listen(&shop.cli)?;
    node.wait_until_ready()?;
    stocked.order(&node)?.expect(201)?;
    drop(node);
    chain.anchor(1, B256::ZERO)?.store(&shop.postgres, &shop.database)?;
    copy(shop, "dumped")?;
    let node = shop.listen(&shop.cli)?;
    node.wait_until_ready()?;
    stocked.order_again(&node)?.expect(201)?;
    drop(node);
    copy(shop, "newest")?;

    let dumped = shop.over(&shop.postgres, "dumped")?;
    let node = shop.listen(&dumped)?;
    stocked.assert_fenced(&node, "lacks 1 of the batches of sales that the receipt journal has")?;
    let ready = get(node.address(), "", "/readyz")?.expect(503)?;
    let last = records(shop)?.pop().ok_or("the journal is empty")?;
    assert!(said(&ready).contains(&last[2]), "{ready}: {last:?}");
    let log = node.log();
    assert!(
        log.contains("the fence is closed") && log.contains("Restore the newest backup"),
        "{log}"
    );
    assert_eq!(shop.postgres.psql("dumped", SOLD)?, "1");
    let import = dumped.run(&["import", "/dev/null", "--product", &stocked.product, "--batch", "late"]);
    let refused = import.err().ok_or("an import over an old dump was taken")?.to_string();
    assert!(refused.contains("lacks 1 of the batches"), "{refused}");
    drop(node);

    let newest = shop.over(&shop.postgres, "newest")?;
    let node = shop.listen(&newest)?;
    node.wait_until_ready()?;
    let body = order_of(&stocked.product);
    let mut client = Client::new(node.address(), &stocked.reseller.token)?;
    block_on(client.order("third", body))??.expect(201)?;
    Ok(())
}

/// The right backup would be of no use any more if the anchor posted an epoch that it lacks.
#[test]
fn an_anchor_over_an_old_backup_posts_nothing_and_goes_on_over_the_right_one() -> Result<()> {
    let anchored = AnchoredShop::start(&Plan::default())?;
    let mut stocked = StockedShop::with_codes(anchored, "100.00", &codes("old", 3))?;
    let bought = |stocked: &StockedShop<AnchoredShop>, buyer| {
        let StockedShop {
            shop,
            reseller,
            product,
        } = stocked;
        shop.buy(reseller, product, 1, buyer)
    };
    let first = bought(&stocked, 1)?.purchase;
    // A key's proof, unlike an order's, is there only once the epoch is final.
    stocked.shop.proof(&first.token, &first.items[0].key_id)?;
    stocked.shop.kill_anchor();
    // This sale is in the backup, and in no epoch. The last one is in the journal only.
    bought(&stocked, 2)?;
    stocked.shop.kill_node(0);
    copy(&stocked.shop, "backup")?;
    stocked.shop.add_node()?;
    let last = bought(&stocked, 3)?.purchase;
    stocked.shop.kill_node(0);
    let database = stocked.shop.database.clone();
    let rename = |shop: &TestShop, from: &str, to: &str| {
        let sql = format!("ALTER DATABASE {from} RENAME TO {to}");
        shop.postgres.psql("postgres", &sql)
    };
    rename(&stocked.shop, &database, "newest")?;
    rename(&stocked.shop, "backup", &database)?;

    // Those in the database, and those on the chain.
    let epochs = |shop: &AnchoredShop| -> Result<_> {
        let cut = shop.ask("SELECT count(*) FROM attest.epochs")?;
        Ok((cut, block_on(shop.chain.epochs())??.len()))
    };
    let before = epochs(&stocked.shop)?;
    let away = stocked.shop.folder().join("away");
    fs::rename(stocked.shop.journal(), &away)?;
    stocked.shop.start_anchor()?;
    stocked.shop.anchor()?.wait_for_condition("journal_unreadable")?;
    assert!(stocked.shop.anchor()?.log().contains("Mount the disk"));
    fs::rename(&away, stocked.shop.journal())?;
    let status = stocked.shop.anchor()?.wait_for_condition("journal_ahead")?;
    assert_eq!(stocked.shop.anchor()?.get("/healthz")?.status, 503, "{status}");
    thread::sleep(Duration::from_secs(3));
    let (is_well, said) = stocked.shop.anchor_json(&["status"])?;
    let problems = said["problems"].to_string();
    assert!(
        !is_well && problems.contains("lacks 1 of the batches") && problems.contains("Restore the newest backup"),
        "{said}"
    );
    assert_eq!(epochs(&stocked.shop)?, before, "it cut or posted an epoch");

    let drop_old = format!("DROP DATABASE {database} WITH (FORCE)");
    stocked.shop.postgres.psql("postgres", &drop_old)?;
    rename(&stocked.shop, "newest", &database)?;
    let node = stocked.shop.add_node()?;
    stocked
        .shop
        .by_owner(&["rotate", "data-uri", &format!("http://{node}/data")])?;
    let anchor = stocked.shop.anchor()?;
    anchor.wait_for_condition("working")?;
    anchor.wait_for_epoch(before.0.cast_unsigned() + 1)?;
    anchor.get(&format!("/v1/keys/{}", last.items[0].key_id))?.expect(200)?;
    stocked.shop.check()
}

#[test]
fn a_journal_that_cannot_be_written_stops_sales_and_loses_none() -> Result<()> {
    let stocked = stocked()?;
    let shop = &stocked.shop;
    let node = shop.listen(&shop.cli)?;
    node.wait_until_ready()?;
    let before = Purchase::read(&order(&stocked, &node, "before")?)?;
    let away = shop.folder().join("away");
    fs::rename(shop.journal(), &away)?;

    let unknown = order(&stocked, &node, "one")?.expect(503)?;
    assert_eq!(unknown["code"], "unavailable", "{unknown}");
    assert!(said(&unknown).contains("Repeat the request later"), "{unknown}");
    for name in ["one", "two"] {
        let refused = order(&stocked, &node, name)?.expect(503)?;
        assert_eq!(refused["code"], "fenced", "{refused}");
        assert!(
            said(&refused).contains("the receipt journal cannot be written"),
            "{refused}"
        );
    }
    assert_eq!(shop.ask(SOLD)?, 2);
    // What signs no receipt goes on.
    for (token, action) in [(&before.token, "redeem"), (&shop.admin, "refund")] {
        let path = format!("/api/v1/orders/{}/{action}", before.order);
        block_on(async {
            let mut client = Client::new(node.address(), token)?;
            client.post(&path, r#"{"item": 1}"#).await?.expect(200)
        })??;
    }
    // The node repeats its previous report for a short time.
    let mut looks = 0..500;
    while get(node.address(), "", "/readyz")?.status != 503 {
        looks
            .next()
            .ok_or("readiness does not say that the journal cannot be written")?;
        thread::sleep(Duration::from_millis(20));
    }

    fs::rename(&away, shop.journal())?;
    node.wait_until_ready()?;
    let first = order(&stocked, &node, "one")?;
    let purchase = Purchase::read(&first)?;
    assert_eq!(order(&stocked, &node, "one")?.text(), first.text());
    assert_eq!(shop.ask(SOLD)?, 2, "a key was sold twice");
    assert!(signatures(shop)?.contains(signature(&purchase.items[0].receipt)?));
    order(&stocked, &node, "two")?.expect(201)?;
    shop.check()
}

#[test]
fn a_folder_that_is_not_there_is_not_made_but_named() -> Result<()> {
    let stocked = stocked()?;
    fs::remove_dir(stocked.shop.journal())?;
    let refused = stocked.shop.cli.run(&["serve"]).err().ok_or("it serves")?.to_string();
    assert!(
        refused.contains("sale.journal") && refused.contains("mount the disk"),
        "{refused}"
    );
    assert!(!stocked.shop.journal().exists());
    Ok(())
}

/// A process that is killed between the commit and the journal leaves sales that nobody was told of. Removing the
/// journal's files leaves the same.
#[test]
fn whoever_tells_of_a_sale_later_writes_its_record_first() -> Result<()> {
    let stocked = stocked()?;
    let shop = &stocked.shop;
    let node = shop.listen(&shop.cli)?;
    node.wait_until_ready()?;
    let [one, two, three] = ["one", "two", "three"].map(|name| order(&stocked, &node, name));
    let (one, two, three) = (one?, Purchase::read(&two?)?, Purchase::read(&three?)?);
    drop(node);
    for file in files(shop)? {
        fs::remove_file(file)?;
    }

    let node = shop.listen(&shop.cli)?;
    node.wait_until_ready()?;
    assert!(records(shop)?.is_empty());
    assert_eq!(order(&stocked, &node, "one")?.text(), one.text());
    let own = signature(&Purchase::read(&one)?.items[0].receipt)?.to_owned();
    assert_eq!(signatures(shop)?, HashSet::from([own]));
    let token = &stocked.reseller.token;
    for (purchase, path) in [(&two, "orders"), (&three, "proofs")] {
        get(node.address(), token, &format!("/api/v1/{path}/{}", purchase.order))?;
        let own = signature(&purchase.items[0].receipt)?;
        assert!(signatures(shop)?.contains(own), "{path}");
    }
    // What this process has written, it does not write again.
    order(&stocked, &node, "one")?.expect(201)?;
    get(node.address(), token, &format!("/api/v1/orders/{}", two.order))?.expect(200)?;
    assert_eq!(records(shop)?.len(), 3);
    Ok(())
}

#[test]
fn nodes_that_are_killed_under_load_leave_a_journal_that_agrees() -> Result<()> {
    let mut shop = TestShop::start(&Settings {
        nodes: 0,
        durability: Durability::Fsync,
        ..Settings::default()
    })?;
    let product = shop.product(PRICE, CURRENCY)?;
    shop.stock(&product, &codes("kill", BUYERS * ORDERS))?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "100000.00", CURRENCY)?;
    let addresses = Addresses::new(vec![shop.add_node()?, shop.add_node()?]);

    let answers = kill_under_load(&mut shop, addresses, &reseller, &product)?;

    let known = signatures(&shop)?;
    for answer in &answers {
        let purchase = Purchase::read(answer)?;
        assert!(known.contains(signature(&purchase.items[0].receipt)?), "{purchase:?}");
    }
    let rows = records(&shop)?.into_iter().map(|record| {
        let [_, batch, _, _, signature, ..] = &*record else {
            return Err("a record without a signature".into());
        };
        Ok(format!("({batch}::bigint, '\\{}'::bytea)", &signature[1..]))
    });
    let rows = rows.collect::<Result<Vec<_>>>()?.join(", ");
    let lacked = format!(
        "SELECT count(*) FROM (VALUES {rows}) AS j (id, signature) WHERE NOT EXISTS (
             SELECT FROM attest.sale_batches s WHERE s.id = j.id AND s.signature = j.signature)"
    );
    assert_eq!(shop.ask(&lacked)?, 0);
    shop.add_node()?;
    shop.check()
}

#[test]
fn files_whose_sales_are_final_are_removed_but_for_the_newest() -> Result<()> {
    let chain = Chain::start()?;
    let stocked = FencedShop::start(chain.settings())?;
    let shop = &stocked.shop;
    stocked.stock()?;
    for name in ["one", "two"] {
        let node = shop.listen(&shop.cli)?;
        node.wait_until_ready()?;
        order(&stocked, &node, name)?.expect(201)?;
    }
    // Both were begun long ago.
    for (at, file) in files(shop)?.into_iter().enumerate() {
        let name = file.file_name().and_then(|name| name.to_str()).ok_or("no name")?;
        let mut parts: Vec<&str> = name.split('-').collect();
        let begun = format!("{:013}", at + 1);
        parts[1] = &begun;
        fs::rename(&file, file.with_file_name(parts.join("-")))?;
    }
    let node = shop.listen(&shop.cli)?;
    node.wait_until_ready()?;
    drop(node);
    assert_eq!(records(shop)?.len(), 2, "none of them is final yet");

    chain.anchor(1, B256::ZERO)?.store(&shop.postgres, &shop.database)?;
    let seen = "UPDATE attest.epochs SET block = 1, anchored_at_s = 1, final_at_ms = 1";
    shop.postgres.psql(&shop.database, seen)?;
    let node = shop.listen(&shop.cli)?;
    node.wait_until_ready()?;
    let left = records(shop)?;
    let newest = "SELECT max(id) FROM attest.sale_batches WHERE signature IS NOT NULL";
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0][1].parse::<i64>()?, shop.ask(newest)?);
    Ok(())
}

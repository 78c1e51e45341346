//! The merchant's keys, with the real program: backup and restore, and the rotation of a master key during sales.

use std::fs;

use serde_json::Value;
use shelfproof_tests::Result;
use shelfproof_tests::child::run;
use shelfproof_tests::shop::{CURRENCY, PRICE, Purchase, Reseller, Settings, TestShop, codes, order_of};
use shelfproof_tests::vector_chain::block_on;

const SECOND: &str = "another passphrase 5b02";

/// Runs `admin keyring …` with the shop's configuration.
fn keys(shop: &TestShop, args: &[&str]) -> Result<Value> {
    shop.cli.json(&[&["admin", "keyring"], args].concat())
}

#[test]
fn a_backup_is_restored_elsewhere_and_a_wrong_passphrase_is_told_without_it() -> Result<()> {
    let shop = TestShop::start(&Settings {
        nodes: 0,
        ..Settings::default()
    })?;
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (backup, second, other) = (path("shelf.backup"), path("second.txt"), path("other"));
    fs::write(&second, SECOND)?;

    let listed = keys(&shop, &["list"])?;
    keys(&shop, &["export", "--to", &backup, "--to-passphrase-file", &second])?;
    let restore = [
        "init",
        "--folder",
        &other,
        "--from",
        &backup,
        "--from-passphrase-file",
        &second,
    ];
    let restored = keys(&shop, &restore)?;
    assert_eq!(restored, listed);
    assert_eq!(keys(&shop, &["list", "--folder", &other])?, listed);
    let mut command = shop.cli.command(&["admin", "keyring", "rotate", "receipt"]);
    command.env("SHELFPROOF_KEYS__FOLDER", &other);
    run("shelfproof admin keyring", command)?;
    let rotated = keys(&shop, &["list", "--folder", &other])?.to_string();
    assert!(
        rotated.contains("receipt-2"),
        "the environment stands above the file: {rotated}"
    );

    for command in [
        &["rotate", "master"][..],
        &["rewrap"],
        &["export", "--to", &path("none"), "--to-passphrase-file", &second],
    ] {
        let line = [&["admin", "keyring"], command, &["--passphrase-file", &second]].concat();
        let refused = shop.cli.output(&line)?;
        let said = String::from_utf8(refused.stderr)?;
        assert_eq!(refused.status.code(), Some(1), "{said}");
        assert!(said.contains("passphrase") && !said.contains(SECOND), "{said}");
        assert!(
            TestShop::secrets().iter().all(|secret| !said.contains(secret)),
            "{said}"
        );
    }
    assert_eq!(keys(&shop, &["list"])?, listed, "what was refused changed nothing");
    Ok(())
}

fn buy(shop: &TestShop, reseller: &Reseller, product: &str, name: &str) -> Result<Purchase> {
    let mut client = shop.client(&reseller.token)?;
    Purchase::read(&block_on(client.order(name, order_of(product)))??)
}

/// Returns the code of an order's only key, as the reseller looks it up.
fn look_up(shop: &TestShop, reseller: &Reseller, order: &str) -> Result<String> {
    let mut client = shop.client(&reseller.token)?;
    let answer = block_on(client.get(&format!("/api/v1/orders/{order}")))??;
    let code = answer.expect(200)?["items"][0]["code"].clone();
    Ok(code.as_str().ok_or("no code")?.to_owned())
}

fn restart(shop: &mut TestShop) -> Result<()> {
    shop.node(0).stop()?;
    shop.kill_node(0);
    shop.add_node().map(drop)
}

#[test]
fn a_master_key_is_rotated_while_the_shop_sells() -> Result<()> {
    let mut shop = TestShop::start(&Settings::default())?;
    let product = shop.product(PRICE, CURRENCY)?;
    shop.stock(&product, &codes("first", 3))?;
    let reseller = shop.reseller()?;
    shop.credit(&reseller, "100.00", CURRENCY)?;
    let before = buy(&shop, &reseller, &product, "before")?;

    assert_eq!(keys(&shop, &["rotate", "master"])?["key"], "master-2");
    restart(&mut shop)?;
    shop.stock(&product, &codes("second", 1))?;
    let between = buy(&shop, &reseller, &product, "between")?;

    let rewrapped = keys(&shop, &["rewrap", "--remove-old"])?;
    assert_eq!(rewrapped["batches"], 1, "{rewrapped}");
    assert_eq!(rewrapped["unneeded"], serde_json::json!(["master-1"]), "{rewrapped}");
    let listed = keys(&shop, &["list"])?.to_string();
    assert!(listed.contains("master-2") && !listed.contains("master-1"), "{listed}");

    let after = buy(&shop, &reseller, &product, "after")?;
    restart(&mut shop)?;
    let last = buy(&shop, &reseller, &product, "last")?;
    for purchase in [&before, &between, &after, &last] {
        shop.judge().check(purchase)?;
        assert_eq!(look_up(&shop, &reseller, &purchase.order)?, purchase.items[0].code);
    }
    shop.check()
}

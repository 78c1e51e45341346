//! A database belongs to one merchant: every command refuses to work with another merchant's configuration.

use std::process::Stdio;

use shelfproof_tests::Result;
use shelfproof_tests::child::spawn;
use shelfproof_tests::shop::{CURRENCY, PRICE, Settings, TestShop, codes};

/// Environment variables that override the configuration, each with one value of another merchant.
const OTHERS: [(&str, &str); 3] = [
    ("SHELFPROOF_CHAIN__CHAIN_ID", "4711"),
    (
        "SHELFPROOF_CHAIN__REGISTRY",
        "0x2222222222222222222222222222222222222222",
    ),
    (
        "SHELFPROOF_CHAIN__MERCHANT_ID",
        "0x2222222222222222222222222222222222222222222222222222222222222222",
    ),
];

#[test]
fn another_merchant_s_configuration_changes_nothing() -> Result<()> {
    let shop = TestShop::start(&Settings {
        nodes: 0,
        ..Settings::default()
    })?;
    let product = shop.product(PRICE, CURRENCY)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("codes.txt");
    std::fs::write(&file, codes("first", 5).join("\n"))?;
    // The first use of the database, which binds it to the merchant.
    let pending = shop.cli.import(&product, "pending", &file)?;
    std::fs::write(&file, codes("second", 5).join("\n"))?;
    let file = file.to_str().ok_or("a path that is not UTF-8")?;

    let tables = ["batches", "keys", "products", "accounts", "api_keys"]
        .map(|table| format!("SELECT count(*) FROM shop.{table}"));
    let written = || -> Result<Vec<i64>> {
        let counts = tables.iter().map(String::as_str);
        let more = [
            "SELECT count(*) FROM attest.events",
            "SELECT sum(activated) FROM shop.batches",
        ];
        counts.chain(more).map(|sql| shop.ask(sql)).collect()
    };
    let before = written()?;
    for command in [
        &["import", file, "--product", &product, "--batch", "second", "--activate"][..],
        &["activate", &pending],
        &[
            "admin",
            "product",
            "create",
            "--name",
            "other",
            "--price",
            "1",
            "--currency",
            "CNY",
        ],
        &["admin", "token", "create", "--account", "other", "--role", "admin"],
        &["admin", "check"],
    ] {
        for (variable, value) in OTHERS {
            let mut child = shop.cli.command(command);
            child.env(variable, value).stdout(Stdio::piped()).stderr(Stdio::piped());
            let output = spawn(child)?.wait_with_output()?;
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{command:?} {variable}: {said}");
            assert!(
                said.contains("belongs to another merchant"),
                "{command:?} {variable}: {said}"
            );
        }
    }
    assert_eq!(written()?, before);
    shop.cli.activate(&pending)?;
    shop.check()
}

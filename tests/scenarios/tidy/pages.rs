//! The `make` targets and settings that README and `docs/` name exist. Whether the programs accept the commands and
//! serve the addresses is tested where programs run: in `admin/pages.rs` and `sales/api.rs`.

use std::collections::BTreeMap;
use std::fs;

use serde::Serialize;
use serde_json::{Value, json};
use shelfproof::config::{Checkout, Http, Proofs, Sale, Worker};
use shelfproof_anchor::config::{Anchor, Chain, Database};
use shelfproof_base::log::Log;
use shelfproof_tests::pages::pages;
use shelfproof_tests::{Result, tools};

use super::assert_none;

/// The page with the table of settings.
const SETTINGS: &str = "docs/operator.md";

#[test]
fn every_make_target_and_variable_in_the_pages_is_in_the_makefile() -> Result<()> {
    let makefile = fs::read_to_string(tools::root().join("Makefile"))?;
    let has = |start: &str| makefile.lines().any(|line| line.starts_with(start));
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for page in pages()? {
        let commands = page.commands().into_iter().filter(|words| words[0] == "make");
        for word in commands.flat_map(|words| words[1..].to_vec()) {
            seen += 1;
            let is_there = match word.split_once('=') {
                Some((variable, _)) => has(&format!("{variable} ?=")),
                None => has(&format!("{word}:")),
            };
            if !is_there {
                wrong.push(format!("{}: make {word}", page.path));
            }
        }
    }
    assert!(seen > 5, "{seen} targets");
    assert_none("not in the Makefile", wrong.into_iter());
    Ok(())
}

/// Returns every setting with a default, as `[section] field`, with the default as a table shows it.
fn defaults() -> Result<BTreeMap<String, String>> {
    fn section(name: &str, of: impl Serialize) -> Result<Vec<(String, String)>> {
        let value = serde_json::to_value(of)?;
        let fields = value.as_object().ok_or("a section is no object")?;
        let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        Ok(fields
            .iter()
            .map(|(field, value)| (format!("[{name}] {field}"), shown(value)))
            .collect())
    }
    let chain: Chain = serde_json::from_value(json!({
        "chain_id": 1,
        "registry": format!("0x{}", "11".repeat(20)),
        "merchant_id": format!("0x{}", "11".repeat(32)),
    }))?;
    let all = [
        section("http", Http::default())?,
        section("database", Database::default())?,
        section("chain", chain)?,
        section("sale", Sale::default())?,
        section("checkout", Checkout::default())?,
        section("worker", Worker::default())?,
        section("proofs", Proofs::default())?,
        section("anchor", Anchor::default())?,
        section("log", Log::default())?,
    ];
    Ok(all.into_iter().flatten().collect())
}

/// Settings that the serialized default contains but that must be set.
const REQUIRED: [&str; 6] = [
    "[database] url",
    "[chain] chain_id",
    "[chain] registry",
    "[chain] merchant_id",
    "[chain] rpc",
    "[anchor] folder",
];

/// Returns what is wrong with the rows of a table of settings, `| [section] field | default | …`.
fn wrong_rows(page: &str, defaults: &BTreeMap<String, String>) -> Vec<String> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `["));
    let mut rows: BTreeMap<String, String> = rows
        .filter_map(|row| {
            let (name, rest) = row.split_once("` | ")?;
            let default = rest.split_once(" |")?.0;
            Some((format!("[{name}"), default.replace(['`', ','], "")))
        })
        .collect();
    let mut wrong = Vec::new();
    for (name, default) in defaults.iter().filter(|(name, _)| !REQUIRED.contains(&name.as_str())) {
        match rows.remove(name) {
            Some(written) if written == default.replace(',', "") => {}
            Some(written) => wrong.push(format!("{name} is {default}, not {written}")),
            None => wrong.push(format!("{name} has no row; it is {default}")),
        }
    }
    let valued = rows
        .into_iter()
        .filter(|(_, default)| default.chars().all(|c| c.is_ascii_digit()));
    wrong.extend(valued.map(|(name, written)| format!("{name} has no default, not {written}")));
    wrong
}

#[test]
fn the_settings_table_holds_the_programs_defaults() -> Result<()> {
    let page = fs::read_to_string(tools::root().join(SETTINGS))?;
    assert_none(SETTINGS, wrong_rows(&page, &defaults()?).into_iter());
    Ok(())
}

#[test]
fn a_wrong_default_and_a_missing_one_are_found() {
    let defaults =
        [("[a] b", "1000"), ("[a] c", "x"), ("[a] d", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let defaults = BTreeMap::from(defaults);
    let right = "| `[a] b` | 1,000 | … |\n| `[a] c` | `x` | … |\n| `[a] d` | 2 | … |\n| `[a] e` | none | … |\n";
    assert_eq!(wrong_rows(right, &defaults), [""; 0]);
    let wrong = "| `[a] b` | 1,001 | … |\n| `[a] d` | 2 | … |\n| `[a] e` | 3 | … |\n";
    assert_eq!(
        wrong_rows(wrong, &defaults),
        [
            "[a] b is 1000, not 1001",
            "[a] c has no row; it is x",
            "[a] e has no default, not 3"
        ]
    );
}

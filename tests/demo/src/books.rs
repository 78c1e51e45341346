//! Checks the shop's accounts: stock and money must agree with the answers that its clients got.

use serde_json::Value;

use super::Size;
use super::after::After;
use super::checks::{expect, minor};
use super::printer::Printer;
use super::shop::OpenShop;
use super::stock::{CURRENCY, StockedProduct};
use super::trade::{CREDIT, Trade};
use shelfproof_tests::Result;
use shelfproof_tests::vector_chain::block_on;

/// Compares stock and credit with what was sold and refunded, and runs the program's own check of all invariants.
pub(super) fn check(
    shop: &OpenShop,
    products: &[StockedProduct; 2],
    trade: &Trade,
    after: After,
    size: Size,
    printer: &Printer,
) -> Result<()> {
    let mut stock = [0; 3];
    for product in products {
        let answer = get(shop, &shop.admin, &format!("/api/v1/products/{}/stock", product.id))?;
        for (sum, field) in stock.iter_mut().zip(["available", "sold", "voided"]) {
            *sum += answer[field]
                .as_u64()
                .ok_or_else(|| format!("no {field} in {answer}"))?;
        }
    }
    let left = size.codes - size.sales - size.voided;
    let wanted = [left, size.sales, size.voided];
    for ((what, found), wanted) in ["keys left", "keys sold", "keys withdrawn"]
        .into_iter()
        .zip(stock)
        .zip(wanted)
    {
        expect(what, found, wanted as u64)?;
    }

    let refunded = &trade.sold[after.refunded_from..after.refunded_to];
    let back = refunded.iter().map(|sold| {
        let product = products.iter().find(|product| product.id == sold.item.product);
        minor(product.ok_or("a key of no product")?.price)
    });
    let back: i64 = back.sum::<Result<i64>>()?;
    let wallet = get(shop, &shop.reseller, "/api/v1/wallet")?;
    let balance = wallet["credit"][0]["balance"]
        .as_str()
        .ok_or_else(|| format!("no balance in {wallet}"))?;
    let wanted = minor(CREDIT)? - trade.taken_minor + back;
    expect("the reseller's credit, minor units", minor(balance)?, wanted)?;

    shop.cli.run(&["admin", "check"])?;
    printer.print(&format!(
        "the books: {left} left + {} sold + {} withdrawn = {} keys; credit {CREDIT} − {} + {} = {balance} {CURRENCY}",
        size.sales,
        size.voided,
        size.codes,
        shown(trade.taken_minor),
        shown(back),
    ));
    printer.print("`shelfproof admin check` replays every event and every booking: nothing found. 账目全部相符。");
    Ok(())
}

fn get(shop: &OpenShop, token: &str, path: &str) -> Result<Value> {
    let mut client = shop.client(token)?;
    block_on(client.get(path))??.expect(200)
}

fn shown(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

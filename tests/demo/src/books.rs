//! The shop's books, against what its callers were told.

use serde_json::Value;

use super::Size;
use super::after::After;
use super::figures::{expect, minor};
use super::shelf::{CURRENCY, Shelf};
use super::shop::OpenShop;
use super::teller::Teller;
use super::trade::{CREDIT, Trade};
use shelfproof_tests::Result;
use shelfproof_tests::vector_chain::block_on;

/// Stock and money come out even, and the program's own check of all invariants finds nothing.
pub(super) fn check(
    shop: &OpenShop,
    shelves: &[Shelf; 2],
    trade: &Trade,
    after: After,
    size: Size,
    teller: &Teller,
) -> Result<()> {
    let mut stock = [0; 3];
    for shelf in shelves {
        let told = get(shop, &shop.admin, &format!("/api/v1/products/{}/stock", shelf.product))?;
        for (sum, field) in stock.iter_mut().zip(["available", "sold", "voided"]) {
            *sum += told[field].as_u64().ok_or_else(|| format!("no {field} in {told}"))?;
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
        let shelf = shelves.iter().find(|shelf| shelf.product == sold.item.product);
        minor(shelf.ok_or("a key of no product")?.price)
    });
    let back: i64 = back.sum::<Result<i64>>()?;
    let wallet = get(shop, &shop.reseller, "/api/v1/wallet")?;
    let balance = wallet["credit"][0]["balance"]
        .as_str()
        .ok_or_else(|| format!("no balance in {wallet}"))?;
    let wanted = minor(CREDIT)? - trade.taken_minor + back;
    expect("the reseller's credit, minor units", minor(balance)?, wanted)?;

    shop.cli.run(&["admin", "check"])?;
    teller.say(&format!(
        "the books: {left} left + {} sold + {} withdrawn = {} keys; credit {CREDIT} − {} + {} = {balance} {CURRENCY}",
        size.sales,
        size.voided,
        size.codes,
        shown(trade.taken_minor),
        shown(back),
    ));
    teller.say("`shelfproof admin check` replays every event and every booking: nothing found. 账目全部相符。");
    Ok(())
}

fn get(shop: &OpenShop, token: &str, path: &str) -> Result<Value> {
    let mut client = shop.client(token)?;
    block_on(client.get(path))??.expect(200)
}

fn shown(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

//! Orders of guests, paid through a gateway: real nodes, and the test gateway beside them.

mod guests;
mod late;
mod lists;
mod notices;
mod reviews;

use shelfproof_tests::Result;
use shelfproof_tests::client::Client;
use shelfproof_tests::shop::{PayingShop, codes};

/// The rows that a payment would move.
const MOVED: &str = "SELECT (SELECT count(*) FROM shop.payments WHERE state <> 'pending')
    + (SELECT count(*) FROM shop.transfers) + (SELECT count(*) FROM shop.ledger_entries)
    + (SELECT count(*) FROM shop.orders WHERE state <> 'awaiting_payment') + (SELECT count(*) FROM shop.reviews)";

/// A paying shop whose product has so many keys.
fn shop(keys: usize) -> Result<PayingShop> {
    let shop = PayingShop::start()?;
    shop.shop.stock_by_api(&shop.product, &codes("paid", keys))?;
    Ok(shop)
}

/// The key of a guest's request.
fn key(name: &str) -> String {
    format!("0192f0c4-b3d4-{name:0>16}")
}

/// Sends a notice to the account of that name, and returns its status and word.
async fn notify(client: &mut Client, gateway: &str, query: &str) -> Result<(u16, String)> {
    let answer = client.get(&format!("/pay/{gateway}/notice?{query}")).await?;
    Ok((answer.status, answer.text()))
}

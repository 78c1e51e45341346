//! The whole way with real processes: a sale, its epoch on the chain, and back to a proof that a stranger checks.

mod conditions;
mod independent;
mod life;
mod mirror;
mod takeover;

use serde_json::Value;
use shelfproof_tests::Result;
use shelfproof_tests::anchored::{Anchored, Plan};
use shelfproof_tests::shop::{CURRENCY, Channel, PRICE};

/// A shop that anchors, with a product that so many keys stand on the shelf of, and a channel that can pay.
struct House {
    anchored: Anchored,
    product: String,
    channel: Channel,
}

impl House {
    fn open(keys: usize) -> Result<Self> {
        Self::by(&Plan::default(), keys)
    }

    fn by(plan: &Plan, keys: usize) -> Result<Self> {
        let anchored = Anchored::start(plan)?;
        let shop = &anchored.shop;
        let product = shop.product(PRICE, CURRENCY)?;
        shop.stock_by_api(&product, &shelfproof_tests::shop::codes("anchored", keys))?;
        let channel = shop.channel()?;
        shop.credit(&channel, "10000.00", CURRENCY)?;
        Ok(Self {
            anchored,
            product,
            channel,
        })
    }
}

/// The kinds of a bundle's events.
fn kinds(bundle: &Value) -> Vec<&str> {
    let events = bundle["events"].as_array();
    events
        .into_iter()
        .flatten()
        .filter_map(|event| event["kind"].as_str())
        .collect()
}

//! All programs together: a sale, its epoch on the chain, and the proof that a stranger checks.

mod conditions;
mod independent;
mod life;
mod mirror;
mod owner;
mod takeover;
mod watch;

use serde_json::Value;
use shelfproof_tests::Result;
use shelfproof_tests::anchored_shop::{AnchoredShop, Plan};
use shelfproof_tests::shop::{StockedShop, codes};

/// Starts a shop that anchors every second, with that many keys on sale.
fn open(keys: usize) -> Result<StockedShop<AnchoredShop>> {
    open_by(&Plan::default(), keys)
}

fn open_by(plan: &Plan, keys: usize) -> Result<StockedShop<AnchoredShop>> {
    StockedShop::with_codes(AnchoredShop::start(plan)?, "10000.00", &codes("anchored", keys))
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

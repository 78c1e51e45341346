//! `sale_bulk`: orders of as many keys as an order may have, beside orders of one key in the same shop.

use std::path::Path;

use super::shop::{BEFORE, BenchShop, CHECKED, CLIENTS, COUNTED, FIRST, PAIRS, WINDOW};
use super::{Sample, in_turn};
use shelfproof_tests::Result;
use shelfproof_tests::load::Load;
use shelfproof_tests::shop::order_lines;

/// Large orders that are placed first, to learn their rate.
const FIRST_LARGE: u32 = 1_000;

/// The rate for which there is stock at the least, in keys per second: the goal.
const LEAST: f64 = 25_000.0;

/// The keys of a large order: the greatest number that an order may have.
const KEYS: u32 = 100;

pub(super) fn run(_folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::open()?;
    shop.sell_until(FIRST, 0.0)?;
    let one = shop.load(CLIENTS);
    let large = Load {
        bodies: vec![order_lines(&[(&shop.product, KEYS)])],
        ..one.clone()
    };
    shop.stock(usize::try_from(FIRST_LARGE * KEYS)?)?;
    shop.sell_off(&large, FIRST_LARGE)?;
    shop.stock_for(LEAST, WINDOW)?;
    let (ours, baseline) = in_turn(
        &mut shop,
        PAIRS,
        |shop| {
            shop.stock_well(WINDOW)?;
            Ok(shop.window(&[&large])? * f64::from(KEYS))
        },
        |shop| {
            shop.stock_well(WINDOW)?;
            shop.window(&[&one])
        },
    )?;
    shop.close()?;
    Ok(vec![Sample {
        name: "sale_bulk".to_owned(),
        unit: "keys/s",
        ours,
        baseline,
        goal: "value >= 25000",
        settings: format!(
            "{CLIENTS} connections, closed loop, one product, orders of {KEYS} keys; windows of {} s after {} s in \
             turn; {CHECKED}, {} sold in all; baseline: orders of one key",
            COUNTED.as_secs(),
            BEFORE.as_secs(),
            shop.sold()
        ),
    }])
}

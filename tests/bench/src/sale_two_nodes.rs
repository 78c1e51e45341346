//! `sale_two_nodes`: one product sold by two nodes over one database, compared with one node that serves all clients.

use std::path::Path;

use super::shop::{BEFORE, BenchShop, CHECKED, CLIENTS, COUNTED, FIRST, PAIRS, WINDOW};
use super::{Sample, in_turn};
use shelfproof_tests::Result;
use shelfproof_tests::load::Load;

pub(super) fn run(_folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::open_with(2)?;
    let first = shop.load(CLIENTS / 2);
    let second = Load {
        address: shop.shop.address(1),
        ..first.clone()
    };
    let all = shop.load(CLIENTS);
    shop.sell_until(FIRST, 0.0)?;
    let (ours, baseline) = in_turn(
        &mut shop,
        PAIRS,
        |shop| {
            shop.stock_well(WINDOW)?;
            shop.window(&[&first, &second])
        },
        |shop| {
            shop.stock_well(WINDOW)?;
            shop.window(&[&all])
        },
    )?;
    shop.close()?;
    Ok(vec![Sample {
        name: "sale_two_nodes".to_owned(),
        unit: "sales/s",
        ours,
        baseline,
        goal: "ratio >= 0.9",
        settings: format!(
            "{CLIENTS} connections, closed loop, one product, one account; half of the connections at each of two \
             nodes; windows of {} s after {} s in turn; {CHECKED}, {} sold in all; baseline: all at the \
             first node, the second idle",
            COUNTED.as_secs(),
            BEFORE.as_secs(),
            shop.sold()
        ),
    }])
}

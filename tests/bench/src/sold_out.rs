//! `sold_out`: refusals of a product without stock, compared with sales in the same shop.

use std::path::Path;

use serde_json::Value;

use super::shop::{BEFORE, BenchShop, CHECKED, CLIENTS, COUNTED, FIRST, PAIRS, WINDOW, closed};
use super::{Sample, in_turn};
use shelfproof_tests::Result;
use shelfproof_tests::load::{Answered, Load, rate};
use shelfproof_tests::shop::{CURRENCY, PRICE, order_of};

/// The status and the code of the refusal.
const STATUS: u16 = 409;
const CODE: &str = "out_of_stock";

pub(super) fn run(_folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::open()?;
    shop.sell_until(FIRST, 0.0)?;
    let sales = shop.load(CLIENTS);
    let refusals = Load {
        bodies: vec![order_of(&shop.shop.product(PRICE, CURRENCY)?)],
        expects: |status| status == STATUS,
        ..sales.clone()
    };
    let mut refused = 0;
    let (ours, baseline) = in_turn(
        &mut shop,
        PAIRS,
        |_| {
            let answers = refusals.run(&closed(WINDOW))?;
            answers.iter().try_for_each(check)?;
            refused += answers.len();
            Ok(rate(&answers, BEFORE, WINDOW))
        },
        |shop| {
            shop.stock_well(WINDOW)?;
            shop.window(&[&sales])
        },
    )?;
    shop.close()?;
    // A repeat of a refused order gets the same answer, so each has a row.
    let orders = shop.shop.ask("SELECT count(*) FROM shop.orders")?;
    if orders != i64::try_from(shop.sold() + refused)? {
        return Err(format!(
            "{} orders were delivered and {refused} refused; the shop has {orders}",
            shop.sold()
        )
        .into());
    }
    Ok(vec![Sample {
        name: "sold_out".to_owned(),
        unit: "orders/s",
        ours,
        baseline,
        goal: "ratio >= 2",
        settings: format!(
            "{CLIENTS} connections, closed loop, one account with credit, orders of one key of a product that never \
             had stock; windows of {} s after {} s in turn; every refusal checked, all {refused} have a row; baseline: \
             sales of another product in the same shop, {CHECKED}, {} sold in all",
            COUNTED.as_secs(),
            BEFORE.as_secs(),
            shop.sold()
        ),
    }])
}

/// Checks that an answer is the refusal that is measured.
fn check(answer: &Answered) -> Result<()> {
    let problem: Value = serde_json::from_slice(&answer.body)?;
    if problem["code"] == CODE {
        Ok(())
    } else {
        Err(format!("an order was refused for another reason: {problem}").into())
    }
}

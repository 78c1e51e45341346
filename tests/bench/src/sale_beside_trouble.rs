//! `sale_beside_trouble`: sales of one product while something else of the same shop is in trouble, compared with the
//! same clients alone. A row for each trouble:
//!
//! - `sale_beside_trouble_key`: the next key of another product does not open, and its orders keep coming;
//! - `sale_beside_trouble_pool`: another transaction has locked another product's pool, and its orders keep coming;
//! - `sale_beside_trouble_credit`: an account without the credit for it keeps ordering 100 keys of the same product.

use std::collections::BTreeMap;
use std::path::Path;

use super::held::Held;
use super::shop::{BEFORE, BenchShop, CHECKED, CLIENTS, COUNTED, FIRST, PAIRS, WINDOW, closed};
use super::{Sample, in_turn};
use shelfproof_tests::Result;
use shelfproof_tests::load::{Answered, Load, is_sale, rate, run_together};
use shelfproof_tests::shop::{CURRENCY, PRICE, Reseller, codes, order_lines, order_of};

/// The clients that disturb, beside the [`CLIENTS`] whose rate is measured.
const DISTURBING: usize = 16;

/// The keys of the other product. None of them is sold.
const OTHER_STOCK: usize = 1_000;

/// The keys of each order that the credit does not suffice for.
const MANY: u32 = 100;

pub(super) fn run(_folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::open()?;
    shop.sell_until(FIRST, 0.0)?;
    let other = shop.shop.product(PRICE, CURRENCY)?;
    shop.shop.stock(&other, &codes("other", OTHER_STOCK))?;
    let (rich, poor) = (account(&shop, "1000000000.00")?, account(&shop, "1.00")?);
    let load = |account: &Reseller, body| Load {
        token: account.token.clone(),
        bodies: vec![body],
        expects: |status| status < 500 || status == 503,
        ..shop.load(DISTURBING)
    };
    let of_other = load(&rich, order_of(&other));
    let without_credit = load(&poor, order_lines(&[(&shop.product, MANY)]));

    let key = first_key(&shop, &other)?;
    damage(&shop, key, "sealed || 'x'")?;
    let key_row = measure(
        &mut shop,
        &of_other,
        None,
        "key",
        "orders of another account for a product whose next key does not open",
    )?;
    damage(&shop, key, "substr(sealed, 1, octet_length(sealed) - 1)")?;
    let pool_row = measure(
        &mut shop,
        &of_other,
        Some(&lock(&other)),
        "pool",
        "orders of another account for a product whose pool another transaction keeps locked for the whole window",
    )?;
    let credit_row = measure(
        &mut shop,
        &without_credit,
        None,
        "credit",
        "orders of 100 keys of the same product by an account whose credit does not suffice for one",
    )?;
    shop.close()?;
    Ok(vec![key_row, pool_row, credit_row])
}

/// Adds an account with that much credit.
fn account(shop: &BenchShop, credit: &str) -> Result<Reseller> {
    let reseller = shop.shop.reseller()?;
    shop.shop.credit(&reseller, credit, CURRENCY)?;
    Ok(reseller)
}

/// Measures the shop's product in turn beside `disturbing`, while a transaction with the statements in `held` is open,
/// and alone.
fn measure(shop: &mut BenchShop, disturbing: &Load, held: Option<&str>, row: &str, trouble: &str) -> Result<Sample> {
    let load = shop.load(CLIENTS);
    let mut statuses = BTreeMap::new();
    let (ours, baseline) = in_turn(
        shop,
        PAIRS,
        |shop| {
            shop.stock_well(WINDOW)?;
            let held = held.map(|statements| Held::begin(shop, statements)).transpose()?;
            let answers = run_together(&[&load, disturbing], &closed(WINDOW))?;
            held.map_or(Ok(()), Held::end)?;
            let [sold, others] = &answers[..] else {
                return Err("two loads have two lists of answers".into());
            };
            let sales = rate(sold, BEFORE, WINDOW);
            check(shop, sold, sales, others)?;
            for answer in others {
                *statuses.entry(answer.status).or_insert(0_usize) += 1;
            }
            Ok(sales)
        },
        |shop| {
            shop.stock_well(WINDOW)?;
            shop.window(&[&load])
        },
    )?;
    Ok(Sample {
        name: format!("sale_beside_trouble_{row}"),
        unit: "sales/s",
        ours,
        baseline,
        goal: "ratio >= 0.8",
        settings: format!(
            "{CLIENTS} connections, closed loop, one product, one account; beside them {DISTURBING} connections, \
             closed loop, with {trouble}; their answers in all windows: {}; windows of {} s after {} s in turn; \
             {CHECKED}; baseline: the {CLIENTS} connections alone",
            counted(&statuses),
            COUNTED.as_secs(),
            BEFORE.as_secs()
        ),
    })
}

/// Checks the sales, of which there were that many per second, and that the disturbing orders bought nothing: the figure is of a shop that refuses them.
fn check(shop: &mut BenchShop, sold: &[Answered], sales: f64, others: &[Answered]) -> Result<()> {
    shop.check_at(sold, sales)?;
    let bought = others.iter().find(|answer| is_sale(answer.status));
    if let Some(answer) = bought {
        let body = String::from_utf8_lossy(&answer.body);
        return Err(format!("an order that was to be in trouble was delivered: {body}").into());
    }
    if others.is_empty() {
        return Err("no order that was to be in trouble was answered".into());
    }
    Ok(())
}

/// `402 × 17, 503 × 4`.
fn counted(statuses: &BTreeMap<u16, usize>) -> String {
    let each = statuses.iter().map(|(status, answers)| format!("{status} × {answers}"));
    each.collect::<Vec<_>>().join(", ")
}

/// The key of the product that is sold next: the one with the lowest number.
fn first_key(shop: &BenchShop, product: &str) -> Result<i64> {
    shop.shop.ask(&format!(
        "SELECT min(k.no) FROM shop.keys k JOIN shop.batches b ON b.id = k.batch_id JOIN shop.skus s ON s.id = \
         b.sku_id WHERE s.product_id = '{product}'"
    ))
}

/// Overwrites the encrypted goods of a key, without the trigger that keeps them unchanged.
fn damage(shop: &BenchShop, key: i64, sealed: &str) -> Result<()> {
    let sql = format!(
        "BEGIN; SET LOCAL session_replication_role = replica; UPDATE shop.goods SET sealed = {sealed} WHERE key_no = \
         {key}; COMMIT"
    );
    shop.shop.postgres.psql(&shop.shop.database, &sql).map(drop)
}

/// Locks the pool of a product, as an activation does.
fn lock(product: &str) -> String {
    format!(
        "BEGIN; SELECT FROM shop.pools JOIN shop.skus ON skus.id = sku_id WHERE product_id = '{product}' \
         FOR NO KEY UPDATE OF pools"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_status() {
        assert_eq!(counted(&BTreeMap::from([(503, 4), (402, 17)])), "402 × 17, 503 × 4");
    }
}

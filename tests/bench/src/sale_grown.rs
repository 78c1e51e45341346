//! `sale_grown`: sales with ten million keys and five million orders behind them, compared with the same shop when it
//! had a hundredth of that. The rows of the past are written by SQL, see [`past`].

use std::path::Path;
use std::time::{Duration, Instant};

use super::Sample;
use super::past::{Past, Products};
use super::shop::{BEFORE, BenchShop, CHECKED, CLIENTS, COUNTED, FIRST, PAIRS, WINDOW};
use shelfproof_tests::Result;

/// What is behind the first windows: 100,000 keys, half of them sold.
const FEW: Products = Products {
    products: 10,
    batches: 200,
};
/// What is added before the last windows: 9,900,000 keys, half of them sold.
const MANY: Products = Products {
    products: 100,
    batches: 1_980,
};

/// How long the rows of the past may take.
const BOUND: Duration = Duration::from_hours(1);

pub(super) fn run(_folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::open()?;
    shop.sell_until(FIRST, 0.0)?;
    // A key that is not sold: its row is copied, as those of the keys that were sold are.
    shop.stock(1)?;
    let mut past = Past::open(&shop)?;
    let baseline = behind(&mut shop, &mut past, &FEW)?;
    let few = counted(&shop)?;
    let ours = behind(&mut shop, &mut past, &MANY)?;
    let many = counted(&shop)?;
    Ok(vec![Sample {
        name: "sale_grown".to_owned(),
        unit: "sales/s",
        ours,
        baseline,
        goal: "ratio >= 0.9",
        settings: format!(
            "{CLIENTS} connections, closed loop, one product; {PAIRS} windows of {} s after {} s with {many} in the \
             database after them; rows of the past written by SQL as copies of real ones, then VACUUM, ANALYZE and \
             CHECKPOINT; {CHECKED}, {} sold in them and before; baseline: the same shop \
             with {few}",
            COUNTED.as_secs(),
            BEFORE.as_secs(),
            shop.sold()
        ),
    }])
}

/// Writes the past of those products, and returns the rates of the windows that follow.
fn behind(shop: &mut BenchShop, past: &mut Past, products: &Products) -> Result<Vec<f64>> {
    let end = Instant::now() + BOUND;
    for number in 0..products.products {
        if Instant::now() > end {
            return Err(format!(
                "{number} products of {} were written within {BOUND:?}",
                products.products
            )
            .into());
        }
        past.write(shop, products.batches)?;
    }
    // All stock at once, so that no import lies between the rows of the past and the windows.
    shop.stock_well(WINDOW * u32::try_from(PAIRS)?)?;
    for sql in ["VACUUM (ANALYZE)", "CHECKPOINT"] {
        shop.shop.postgres.psql(&shop.shop.database, sql)?;
    }
    let load = shop.load(CLIENTS);
    (0..PAIRS).map(|_| shop.window(&[&load])).collect()
}

/// How much there is, in words.
fn counted(shop: &BenchShop) -> Result<String> {
    let keys = shop.shop.ask("SELECT count(*) FROM shop.keys")?;
    let orders = shop.shop.ask("SELECT count(*) FROM shop.orders")?;
    let gb = shop
        .shop
        .ask("SELECT (pg_database_size(current_database()) / 1e9)::bigint")?;
    Ok(format!("{keys} keys and {orders} orders ({gb} GB)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shelfproof_tests::shop::{Settings, TestShop};

    #[test]
    fn rows_of_the_past_are_whole_and_sales_go_on() -> Result<()> {
        let mut shop = BenchShop::over(TestShop::start(&Settings::default())?)?;
        shop.sell_until(50, 0.0)?;
        shop.stock(1)?;
        let mut past = Past::open(&shop)?;
        for _ in 0..2 {
            past.write(&shop, 3)?;
        }
        shop.sell_until(100, 0.0)?;

        let ask = |sql: &str| shop.shop.ask(sql);
        let past_keys = 2 * 3 * 25 * 2;
        assert_eq!(ask("SELECT count(*) FROM shop.orders")?, 100 + past_keys / 2);
        assert_eq!(ask("SELECT count(*) FROM shop.keys")?, 100 + past_keys);
        assert_eq!(
            ask("SELECT count(*) FROM attest.events WHERE kind = 3")?,
            100 + past_keys / 2
        );
        assert_eq!(ask("SELECT sum(available)::bigint FROM shop.stock")?, past_keys / 2);
        // What every foreign key of the copied rows would have asked, and the balance of the money.
        let loose = "SELECT count(*) FROM shop.ledger_entries e WHERE prev IS NOT NULL AND NOT EXISTS (
            SELECT FROM shop.ledger_entries WHERE wallet_id = e.wallet_id AND posting_id = e.prev
                AND balance_minor = e.before_minor)";
        assert_eq!(ask(loose)?, 0);
        let loose = "SELECT count(*) FROM shop.takes t WHERE prev IS NOT NULL AND NOT EXISTS (
            SELECT FROM shop.takes WHERE pool_id = t.pool_id AND end_slot = t.prev AND end_holes = t.first_holes)";
        assert_eq!(ask(loose)?, 0);
        assert_eq!(ask("SELECT sum(balance_minor)::bigint FROM shop.balances")?, 0);
        Ok(())
    }
}

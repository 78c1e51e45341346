//! `wal_per_sale`: the bytes that a sale adds to PostgreSQL's log, which the disk has to take before the answer and
//! which backups and standbys receive.

use std::path::Path;

use super::Sample;
use super::shop::{BenchShop, CHECKED, CLIENTS, FIRST, MEASURED, WARM_UP, closed, number};
use shelfproof_tests::Result;
use shelfproof_tests::load::rate;

pub(super) fn run(_folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::open()?;
    shop.sell_until(FIRST, 0.0)?;
    let batch = shop.orders_a_batch()?;
    let ours = bytes_a_sale(&mut shop)?;
    // After a checkpoint, PostgreSQL logs the whole page with the first change of it. The difference is its cost.
    full_page_writes(&shop, "off")?;
    let baseline = bytes_a_sale(&mut shop)?;
    full_page_writes(&shop, "on")?;
    shop.close()?;
    Ok(vec![Sample {
        name: "wal_per_sale".to_owned(),
        unit: "bytes",
        ours: vec![ours],
        baseline: vec![baseline],
        goal: "value <= 1100",
        settings: format!(
            "all WAL of the cluster during a closed loop of {} s that begins right after a checkpoint, divided by its \
             sales; {CLIENTS} connections, one product, UUIDs as idempotency keys, {batch} orders a batch; \
             {CHECKED}, {} sold in all; baseline: the next such loop with full_page_writes off, so that full-page images are {:.0} bytes of the figure",
            (WARM_UP + MEASURED).as_secs(),
            shop.sold(),
            ours - baseline
        ),
    }])
}

/// Sells for a while right after a checkpoint, and returns the bytes of WAL for each sale.
fn bytes_a_sale(shop: &mut BenchShop) -> Result<f64> {
    let length = WARM_UP + MEASURED;
    shop.stock_well(length)?;
    let before = written(shop)?;
    let answers = shop.sell(&closed(length))?;
    let after = written(shop)?;
    shop.check_at(&answers, rate(&answers, WARM_UP, length))?;
    Ok(number(usize::try_from(after - before)?)? / number(answers.len())?)
}

/// The bytes of WAL that were written so far.
fn written(shop: &BenchShop) -> Result<i64> {
    shop.shop.ask("SELECT pg_current_wal_lsn() - '0/0'")
}

/// Sets `full_page_writes` for the whole cluster, and waits for a checkpoint, from which on it applies.
fn full_page_writes(shop: &BenchShop, value: &str) -> Result<()> {
    // Each on its own: psql runs several statements of one call in one transaction, where the first is not allowed.
    for sql in [
        &format!("ALTER SYSTEM SET full_page_writes = {value}"),
        "SELECT pg_reload_conf()",
        "CHECKPOINT",
    ] {
        shop.shop.postgres.psql(&shop.shop.database, sql)?;
    }
    let is = shop.shop.postgres.psql(&shop.shop.database, "SHOW full_page_writes")?;
    if is == value {
        Ok(())
    } else {
        Err(format!("full_page_writes is {is}, not {value}").into())
    }
}

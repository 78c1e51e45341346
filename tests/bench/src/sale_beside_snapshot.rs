//! `sale_beside_snapshot`: sales while a backup's kind of transaction is held open, compared with sales without it. The
//! longer it is open, the more dead rows the server has to keep for it.

use std::path::Path;
use std::time::Duration;

use super::Sample;
use super::held::Held;
use super::shop::{BenchShop, CHECKED, CLIENTS, FIRST, MEASURED, WARM_UP, closed};
use shelfproof_tests::Result;
use shelfproof_tests::load::rate;

/// How long the transaction is open. The rate counts in the last [`MEASURED`] of it.
const OPEN: Duration = Duration::from_mins(1);

/// Takes a snapshot as `pg_dump` does, and reads with it.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT count(*) FROM shop.keys";

pub(super) fn run(_folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::open()?;
    shop.sell_until(FIRST, 0.0)?;
    let length = WARM_UP + MEASURED;
    shop.stock_well(length)?;
    let answers = shop.sell(&closed(length))?;
    let baseline = rate(&answers, WARM_UP, length);
    shop.check_at(&answers, baseline)?;
    drop(answers);

    shop.stock_well(OPEN)?;
    let held = Held::begin(&shop, SNAPSHOT)?;
    let answers = shop.sell(&closed(OPEN))?;
    held.end()?;
    let first = rate(&answers, WARM_UP, OPEN.saturating_sub(MEASURED));
    let ours = rate(&answers, OPEN.saturating_sub(MEASURED), OPEN);
    shop.check(&answers)?;
    shop.close()?;
    Ok(vec![Sample {
        name: "sale_beside_snapshot".to_owned(),
        unit: "sales/s",
        ours: vec![ours],
        baseline: vec![baseline],
        goal: "ratio >= 0.8",
        settings: format!(
            "{CLIENTS} connections, closed loop, one product; a REPEATABLE READ transaction that has read is open for \
             {} s, measured in its last {} s, after {first:.0} sales/s from {} s to then; {CHECKED}, {} \
             sold in all; baseline: before it, {} s after {} s",
            OPEN.as_secs(),
            MEASURED.as_secs(),
            WARM_UP.as_secs(),
            shop.sold(),
            MEASURED.as_secs(),
            WARM_UP.as_secs()
        ),
    }])
}

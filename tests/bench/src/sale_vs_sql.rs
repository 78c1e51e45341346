//! `sale_vs_sql`: sales over HTTP, compared with the node's own SQL statements in pgbench, in transactions of the same
//! size as the node's batches. The difference is the cost of HTTP, cryptography and waiting.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Sample;
use super::shop::{BenchShop, CLIENTS, MEASURED, WARM_UP, closed};
use shelfproof_tests::load::rate;
use shelfproof_tests::{Result, tools};

mod script;

use script::{Rows, script};

/// The connections of pgbench: the default number of the node's workers.
const WORKERS: &str = "2";

/// The rate for which stock is loaded while the node's rate is not known yet, in orders per second.
const EXPECTED: f64 = 6_000.0;

pub(super) fn run(folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::open()?;
    let length = WARM_UP + MEASURED;
    shop.stock_for(EXPECTED, length)?;
    let answers = shop.sell(&closed(length))?;
    let ours = rate(&answers, WARM_UP, length);
    shop.check(&answers)?;
    shop.close()?;
    drop(answers);

    let batch = shop.orders_a_batch()?;
    // The statements alone are faster, so there is stock for three times the rate. They write no history that the check
    // would accept, so this database is not used afterwards.
    shop.stock_for(ours * 3.0, length)?;
    let path = folder.join("sale.sql");
    fs::write(&path, script(&Rows::read(&shop)?, batch)?)?;
    let batches = [WARM_UP, MEASURED].map(|length| pgbench(&shop, &path, length.as_secs()));
    let [_, measured] = batches;
    let baseline = measured? * f64::from(i32::try_from(batch)?);
    Ok(vec![Sample {
        name: "sale_vs_sql".to_owned(),
        unit: "sales/s",
        ours: vec![ours],
        baseline: vec![baseline],
        goal: "ratio >= 0.6",
        settings: format!(
            "{CLIENTS} connections against {WORKERS} of pgbench, {batch} orders a transaction; {} s after {} s",
            MEASURED.as_secs(),
            WARM_UP.as_secs()
        ),
    }])
}

/// Returns the transactions per second.
fn pgbench(shop: &BenchShop, script: &Path, seconds: u64) -> Result<f64> {
    let mut pgbench = Command::new(tools::postgres("pgbench")?);
    pgbench.args([
        "-n",
        "-M",
        "prepared",
        "-c",
        WORKERS,
        "-j",
        "1",
        "-T",
        &seconds.to_string(),
    ]);
    // A number with which no earlier run began, from which the ids of this run follow.
    let first = shop.shop.ask("SELECT count(*) FROM shop.orders")?;
    pgbench
        .args(["-D", "new=1", "-D", &format!("first={first}"), "-f"])
        .arg(script);
    pgbench.envs(shop.shop.postgres.environment(&shop.shop.database));
    let output = pgbench.output()?;
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let rate = out
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
    match rate {
        // pgbench continues when one of its clients has failed.
        Some(rate) if output.status.success() && !err.contains("aborted") => Ok(rate.parse()?),
        _ => Err(format!("pgbench ended with {}:\n{out}{err}", output.status).into()),
    }
}

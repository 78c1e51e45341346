//! `sale_vs_sql`: sales over HTTP, against the node's own statements alone in pgbench, in transactions of the size that
//! the node's batches had. What is lost between the two is HTTP, cryptography and waiting.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Sample;
use super::till::{CLIENTS, MEASURED, Till, WARM_UP, closed};
use shelfproof_tests::load::rate;
use shelfproof_tests::{Result, tools};

mod script;

use script::{Rows, script};

/// Connections of pgbench: as many as the node's workers have by default.
const WORKERS: &str = "2";

/// What is on the shelf before the node's rate is known, orders a second.
const EXPECTED: f64 = 6_000.0;

pub(super) fn run(folder: &Path) -> Result<Vec<Sample>> {
    let mut till = Till::open()?;
    let length = WARM_UP + MEASURED;
    till.stock_for(EXPECTED, length)?;
    let answers = till.sell(&closed("closed", length))?;
    let ours = rate(&answers, WARM_UP, length);
    till.check(&answers)?;
    till.close()?;
    drop(answers);

    let batch = till.orders_a_batch()?;
    // The statements alone are faster: stock for three times the rate. What they leave behind is no history that a check
    // would accept, so nothing is asked of this database after.
    till.stock_for(ours * 3.0, length)?;
    let path = folder.join("sale.sql");
    fs::write(&path, script(&Rows::read(&till)?, batch)?)?;
    let batches = [WARM_UP, MEASURED].map(|length| pgbench(&till, &path, length.as_secs()));
    let [_, measured] = batches;
    let baseline = measured? * f64::from(i32::try_from(batch)?);
    Ok(vec![Sample {
        name: "sale_vs_sql".to_owned(),
        unit: "sales/s",
        ours: vec![ours],
        baseline: vec![baseline],
        goal: "ratio >= 0.5",
        settings: format!(
            "{CLIENTS} connections against {WORKERS} of pgbench, {batch} orders a transaction; {} s after {} s",
            MEASURED.as_secs(),
            WARM_UP.as_secs()
        ),
    }])
}

/// Transactions a second.
fn pgbench(till: &Till, script: &Path, seconds: u64) -> Result<f64> {
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
    // A number that no run before had begins this run's ids.
    let first = till.shop.ask("SELECT count(*) FROM shop.orders")?;
    pgbench
        .args(["-D", "new=1", "-D", &format!("first={first}"), "-f"])
        .arg(script);
    pgbench.envs(till.shop.postgres.environment(&till.shop.database));
    let output = pgbench.output()?;
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let rate = out
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
    match rate {
        // pgbench goes on when a client of its own failed.
        Some(rate) if output.status.success() && !err.contains("aborted") => Ok(rate.parse()?),
        _ => Err(format!("pgbench ended with {}:\n{out}{err}", output.status).into()),
    }
}

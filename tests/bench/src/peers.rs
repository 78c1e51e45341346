//! The order paths of other shops, as `tests/peers/run` runs them: their SQL statements alone, each in a fresh schema,
//! with 16 or 64 clients, whichever gives the better rate.

use std::process::Command;

use shelfproof_tests::postgres::Postgres;
use shelfproof_tests::{Result, tools};

/// How many seconds each peer runs with each number of clients.
const SECONDS: &str = "10";

/// A peer that is not a published shop: one statement per sale, as a careful engineer would write it.
const SKIP_LOCKED: &str = "skip-locked";

/// Rates in orders per second.
pub(super) struct Peers {
    pub(super) skip_locked: f64,
    /// The fastest of the published peers.
    pub(super) best_published: f64,
}

/// Runs all peers on that cluster, in a database of their own.
pub(super) fn run(postgres: &Postgres) -> Result<Peers> {
    let database = postgres.database()?;
    postgres.psql(&database, "CHECKPOINT")?;
    let mut peers = Command::new(tools::root().join("tests/peers/run"));
    peers.arg(SECONDS).envs(postgres.environment(&database));
    let output = peers.output()?;
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    if !output.status.success() {
        return Err(format!("tests/peers/run ended with {}:\n{out}{err}", output.status).into());
    }
    let (mut skip_locked, mut best_published) = (None, 0.0_f64);
    for line in out.lines() {
        let mut words = line.split_whitespace();
        let (Some(name), Some(orders)) = (words.next(), words.next()) else {
            continue;
        };
        let orders: f64 = orders.parse().map_err(|_| format!("{line:?} names no rate"))?;
        if name == SKIP_LOCKED {
            skip_locked = Some(orders);
        } else {
            best_published = best_published.max(orders);
        }
    }
    Ok(Peers {
        skip_locked: skip_locked.ok_or_else(|| format!("no {SKIP_LOCKED} in:\n{out}"))?,
        best_published,
    })
}

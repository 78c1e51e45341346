//! Benchmarks: ours beside a baseline, in alternating rounds of one run.
//!
//! Ratio is ours ÷ baseline, of the medians. Times are seconds, rates are per second.

use std::path::Path;

use shelfproof_tests::Result;

mod bundle_bytes;
mod cli_verify;
mod gas_anchor;
mod history_update;
mod idle;
mod peers;
mod report;
mod sale_http;
mod sale_vs_sql;
mod seal;
mod seal_interference;
mod shop;
mod textbook;
mod tree_build;
mod verify_key;

pub use report::{Goal, keep, table};

/// Rounds of ours and of the baseline.
pub const ROUNDS: usize = 5;

/// One row of the table: what was measured, and against what.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The benchmark's name, as `ONLY=` takes it.
    pub name: String,
    /// What `ours` and `baseline` are counted in.
    pub unit: &'static str,
    /// Ours, one value a round.
    pub ours: Vec<f64>,
    /// The baseline, one value a round.
    pub baseline: Vec<f64>,
    /// The goal, as [`Goal::parse`] reads it: `ratio <= 1.25`, `value <= 12000`.
    pub goal: &'static str,
    /// Sizes, versions and settings that the figures hang on.
    pub settings: String,
}

/// Measures one thing, with a folder for what it must keep on disk meanwhile.
pub type Run = fn(&Path) -> Result<Vec<Sample>>;

/// Every benchmark by its name.
pub const ALL: [(&str, Run); 12] = [
    ("tree_build", tree_build::one_thread),
    ("tree_build_parallel", tree_build::two_threads),
    ("verify_key", verify_key::run),
    ("cli_verify", cli_verify::run),
    ("bundle_bytes", bundle_bytes::run),
    ("history_update", history_update::run),
    ("gas_anchor", gas_anchor::run),
    ("sale_http", sale_http::run),
    ("sale_growth", sale_http::growth),
    ("sale_vs_sql", sale_vs_sql::run),
    ("seal", seal::run),
    ("seal_interference", seal_interference::run),
];

/// [`ROUNDS`] of ours and of the baseline in turn. Who goes first changes each round, so that neither always finds the
/// machine as the other left it.
///
/// # Errors
/// The first that either gives.
fn alternate(
    mut ours: impl FnMut() -> Result<f64>,
    mut baseline: impl FnMut() -> Result<f64>,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let (mut of_ours, mut of_baseline) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            of_ours.push(ours()?);
            of_baseline.push(baseline()?);
        } else {
            of_baseline.push(baseline()?);
            of_ours.push(ours()?);
        }
    }
    Ok((of_ours, of_baseline))
}

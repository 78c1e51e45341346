//! The benchmarks. Each measures our code and a baseline in alternating rounds of one run.
//!
//! The ratio is ours ÷ baseline, computed from the medians. Times are in seconds, rates per second.
//!
//! To add a benchmark, write a module with a function of type [`Run`], and list it in [`ALL`].

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

/// The number of rounds of ours, and of the baseline.
pub const ROUNDS: usize = 5;

/// One row of the table: what was measured, and with what it is compared.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The benchmark's name, as `ONLY=` takes it.
    pub name: String,
    /// The unit of `ours` and `baseline`.
    pub unit: &'static str,
    /// Our values, one per round.
    pub ours: Vec<f64>,
    /// The baseline's values, one per round.
    pub baseline: Vec<f64>,
    /// The goal, in the form that [`Goal::parse`] reads: `ratio <= 1.25`, `value <= 12000`.
    pub goal: &'static str,
    /// Sizes, versions and settings that the figures depend on.
    pub settings: String,
}

/// Runs a benchmark. The folder is for files that it needs while it runs.
pub type Run = fn(&Path) -> Result<Vec<Sample>>;

/// Every benchmark, by name.
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

/// Runs [`ROUNDS`] rounds of ours and of the baseline in turn. The order changes each round, so that neither side
/// always runs on the machine as the other left it.
///
/// # Errors
/// The first error of either side.
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

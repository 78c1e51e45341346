//! The benchmarks. Each measures our code and a baseline in alternating rounds of one run.
//!
//! The ratio is ours ÷ baseline, computed from the medians. Times are in seconds, rates per second.
//!
//! To add a benchmark, write a module with a function of type [`Run`], and list it in [`ALL`].

use std::path::Path;

use shelfproof_tests::Result;

mod audit;
mod audit_memory;
mod bundle_bytes;
mod cli_verify;
mod crowded;
mod gas_anchor;
mod held;
mod history_update;
mod idle;
mod list_p95;
mod map;
mod memory;
mod node_memory;
mod past;
mod peers;
mod published;
mod report;
mod sale_beside_snapshot;
mod sale_beside_trouble;
mod sale_bulk;
mod sale_grown;
mod sale_http;
mod sale_mixed;
mod sale_two_nodes;
mod sale_vs_sql;
mod seal;
mod seal_interference;
mod shop;
mod sold_out;
mod stalls;
mod textbook;
mod tree_build;
mod verify_key;
mod wal_per_sale;

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
    /// The goal, in the form that [`Goal::parse`] reads: `ratio <= 1.25`, `value <= 12000`, `reported`.
    pub goal: &'static str,
    /// Sizes, versions and settings that the figures depend on.
    pub settings: String,
}

/// Runs a benchmark. The folder is for files that it needs while it runs.
pub type Run = fn(&Path) -> Result<Vec<Sample>>;

/// When a benchmark runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// With all others, and when `ONLY=` names it.
    Always,
    /// Only when `ONLY=` names it, because it takes very long.
    Named,
}

/// Every benchmark, by name.
pub const ALL: [(&str, Run, When); 25] = [
    ("tree_build", tree_build::one_thread, When::Always),
    ("tree_build_parallel", tree_build::two_threads, When::Always),
    ("verify_key", verify_key::run, When::Always),
    ("cli_verify", cli_verify::run, When::Always),
    ("bundle_bytes", bundle_bytes::run, When::Always),
    ("history_update", history_update::run, When::Always),
    ("crowded", crowded::run, When::Always),
    ("audit", audit::run, When::Always),
    ("audit_memory", audit_memory::run, When::Named),
    ("gas_anchor", gas_anchor::run, When::Always),
    ("sale_http", sale_http::run, When::Always),
    ("sale_growth", sale_http::growth, When::Always),
    ("sale_mixed", sale_mixed::run, When::Always),
    ("sale_bulk", sale_bulk::run, When::Always),
    ("sale_two_nodes", sale_two_nodes::run, When::Always),
    ("sale_beside_snapshot", sale_beside_snapshot::run, When::Always),
    ("sale_beside_trouble", sale_beside_trouble::run, When::Always),
    ("sold_out", sold_out::run, When::Always),
    ("sale_grown", sale_grown::run, When::Named),
    ("list_p95", list_p95::run, When::Named),
    ("sale_vs_sql", sale_vs_sql::run, When::Always),
    ("seal", seal::run, When::Always),
    ("seal_interference", seal_interference::run, When::Always),
    ("node_memory", node_memory::run, When::Always),
    ("wal_per_sale", wal_per_sale::run, When::Always),
];

/// Runs [`ROUNDS`] rounds of ours and of the baseline [in turn](in_turn).
///
/// # Errors
/// The first error of either side.
fn alternate(
    mut ours: impl FnMut() -> Result<f64>,
    mut baseline: impl FnMut() -> Result<f64>,
) -> Result<(Vec<f64>, Vec<f64>)> {
    in_turn(&mut (), ROUNDS, |()| ours(), |()| baseline())
}

/// Runs that many rounds of ours and of the baseline over the same state. The order changes each round, so that neither
/// side always runs on the machine, or over the tables, as the other left them.
///
/// # Errors
/// The first error of either side.
fn in_turn<S>(
    state: &mut S,
    rounds: usize,
    mut ours: impl FnMut(&mut S) -> Result<f64>,
    mut baseline: impl FnMut(&mut S) -> Result<f64>,
) -> Result<(Vec<f64>, Vec<f64>)> {
    let (mut of_ours, mut of_baseline) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        if round % 2 == 0 {
            of_ours.push(ours(state)?);
            of_baseline.push(baseline(state)?);
        } else {
            of_baseline.push(baseline(state)?);
            of_ours.push(ours(state)?);
        }
    }
    Ok((of_ours, of_baseline))
}

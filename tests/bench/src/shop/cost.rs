//! The time that a sale takes: the stages of its batch, and the processor time of each process.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;

use super::BenchShop;
use shelfproof_tests::Result;
use shelfproof_tests::vector_chain::block_on;

/// The node's metric for the time of each stage; the value of the label `stage` follows.
const STAGE: &str = "shelfproof_batch_stage_seconds_sum{stage=\"";

/// The unit in which Linux counts a process's time: hundredths of a second, on every machine.
const TICK_S: f64 = 0.01;

/// The seconds spent so far, by name.
pub(crate) struct Spent(BTreeMap<String, f64>);

/// The microseconds per sale, by name.
pub(crate) struct Cost(BTreeMap<String, f64>);

impl BenchShop {
    /// Returns the time spent up to now. For PostgreSQL, only processes that are still running count.
    pub(crate) fn spent(&mut self) -> Result<Spent> {
        let mut admin = self.shop.client(&self.shop.admin)?;
        let metrics = block_on(async { admin.get("/metrics").await })??.text();
        let mut spent: BTreeMap<String, f64> = BTreeMap::new();
        for line in metrics.lines().filter_map(|line| line.strip_prefix(STAGE)) {
            let (stage, seconds) = line.split_once("\"} ").ok_or("a metric without a value")?;
            spent.insert(stage.to_owned(), seconds.parse()?);
        }
        let servers = "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE pid <> pg_backend_pid()";
        let servers = self.shop.postgres.psql(&self.shop.database, servers)?;
        let servers: f64 = servers.split(' ').filter_map(|pid| processor_s(pid).ok()).sum();
        let node = self.shop.node(0).pid().to_string();
        spent.insert("processor, PostgreSQL".to_owned(), servers);
        spent.insert("processor, node".to_owned(), processor_s(&node)?);
        spent.insert("processor, load generator".to_owned(), processor_s("self")?);
        Ok(Spent(spent))
    }
}

impl Spent {
    /// Returns the cost of each of `sales` sales since `before`.
    pub(crate) fn since(&self, before: &Self, sales: usize) -> Result<Cost> {
        let sales = f64::from(u32::try_from(sales)?);
        let each = |(name, seconds): (&String, &f64)| {
            let earlier = before.0.get(name).copied().unwrap_or_default();
            (name.clone(), (seconds - earlier) * 1e6 / sales)
        };
        Ok(Cost(self.0.iter().map(each).collect()))
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|(name, us)| format!("{name} {us:.0}")).collect();
        write!(out, "µs a sale: {}", parts.join(", "))
    }
}

/// Returns the processor time of a process in seconds.
fn processor_s(pid: &str) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The program's name may contain anything and ends with the last bracket. User and system time are the 12th and
    // 13th fields after it.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: Option<Vec<f64>> = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse().ok())
        .collect();
    Ok(ticks.unwrap_or_default().iter().sum::<f64>() * TICK_S)
}

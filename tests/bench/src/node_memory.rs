//! `node_memory`: the most memory that a node has used after it sold under load and imported a large file.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::Sample;
use super::shop::{BenchShop, CLIENTS, FIRST, MEASURED, WARM_UP, closed, number};
use shelfproof_tests::Result;
use shelfproof_tests::client::Client;
use shelfproof_tests::shop::codes;
use shelfproof_tests::vector_chain::block_on;

/// The codes of the file that is imported over the API, in the node's process.
const CODES: usize = 200_000;

/// How long the node may take for the import, and for the activation: what it allows itself.
const BOUND: Duration = Duration::from_mins(2);

pub(super) fn run(_folder: &Path) -> Result<Vec<Sample>> {
    let mut shop = BenchShop::open()?;
    let node = shop.shop.node(0).pid();
    let idle = memory_mb(node, "VmRSS")?;
    shop.sell_until(FIRST, 0.0)?;
    let length = WARM_UP + MEASURED;
    shop.stock_well(length)?;
    let answers = shop.sell(&closed(length))?;
    let sold = memory_mb(node, "VmHWM")?;
    shop.check(&answers)?;
    drop(answers);
    import(&shop)?;
    let imported = memory_mb(node, "VmHWM")?;
    shop.close()?;
    Ok(vec![Sample {
        name: "node_memory".to_owned(),
        unit: "MB",
        ours: vec![imported],
        baseline: vec![idle],
        goal: "value <= 200",
        settings: format!(
            "the node's peak resident set (VmHWM): {sold:.1} MB after {} s of sales over {CLIENTS} connections, {} \
             sold in all; {imported:.1} MB after an import of {CODES} codes in one file over the API and their \
             activation; baseline: resident at the start, idle",
            length.as_secs(),
            shop.sold()
        ),
    }])
}

/// Imports the file over the API, and activates the batch.
fn import(shop: &BenchShop) -> Result<()> {
    let product = &shop.product;
    let file = codes("memory", CODES).join("\n");
    let mut admin = Client::new(shop.shop.address(0), &shop.shop.admin)?.waiting_for(BOUND);
    block_on(async {
        let path = format!("/api/v1/products/{product}/batches?name=memory");
        let made = admin.post_file(&path, file).await?.expect(200)?;
        let batch = made["batch"].as_str().ok_or("a batch without an id")?;
        let activated = admin.post(&format!("/api/v1/batches/{batch}/activate"), "").await?;
        activated.expect(200).map(drop)
    })?
}

/// A field of `/proc/PID/status`, in MB.
fn memory_mb(pid: u32, field: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    mb_in(&status, field).ok_or_else(|| format!("{field} is not in:\n{status}").into())
}

/// Linux says `kB` and means 1,024 bytes.
fn mb_in(status: &str, field: &str) -> Option<f64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    let kb: usize = line.trim().strip_suffix(" kB")?.parse().ok()?;
    number(kb).ok().map(|kb| kb * 1_024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_and_not_another_field() {
        let status = "Name:\tshelfproof\nVmPeak:\t 1000000 kB\nVmHWM:\t  125000 kB\nVmRSS:\t  100000 kB\n";
        assert_eq!(mb_in(status, "VmHWM"), Some(128.0));
        assert_eq!(mb_in(status, "VmRSS"), Some(102.4));
        assert_eq!(mb_in(status, "VmSwap"), None);
    }
}

//! `node_memory`: the most memory that a node has used after it sold under load and imported a large file.

use std::path::Path;
use std::time::Duration;

use super::Sample;
use super::memory::memory_mb;
use super::shop::{BenchShop, CLIENTS, FIRST, MEASURED, WARM_UP, closed};
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

//! `gas_anchor`: the gas for anchoring an epoch after the first, compared with EAS's `timestamp`, which stores one time
//! for one hash.

use std::path::Path;

use alloy_primitives::{B256, keccak256};
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_verifier::epoch::{Header, MAX_EVENTS};

use super::{ROUNDS, Sample};
use shelfproof_tests::Result;
use shelfproof_tests::vector_chain::{VectorChain, anchor, block_on, client, vector_chain};
use shelfproof_tests::vectors::Vectors;

/// `gasUsed` of EAS's `timestamp(bytes32)`.
const EAS_TIMESTAMP: f64 = 45_947.0;

pub(super) fn run(_: &Path) -> Result<Vec<Sample>> {
    Ok(vec![Sample {
        name: "gas_anchor".to_owned(),
        unit: "gas",
        ours: block_on(anchors(&vector_chain()?))??,
        baseline: vec![EAS_TIMESTAMP],
        goal: "value <= 60000",
        settings: format!("{ROUNDS} epochs after the vectors' on anvil; baseline: EAS timestamp, a constant"),
    }])
}

async fn anchors(chain: &VectorChain) -> Result<Vec<f64>> {
    let vectors = Vectors::read()?;
    let registry = ShelfproofRegistry::new(chain.registry, client(chain.anvil.url())?);
    let last = vectors.epochs.last().ok_or("the vectors hold no epoch")?;
    let mut parent = last.hash;
    let mut gas = Vec::new();
    for number in (Header::from(&last.header).number + 1..).take(ROUNDS) {
        // The hashes have almost no zero bytes and the count has three bytes, so that the calldata costs as much as in
        // real use.
        let hash = |field: u8| -> B256 { keccak256([&[field][..], parent.as_slice()].concat()) };
        let header = Header {
            number,
            parent,
            events_root: hash(1),
            history_root: hash(2),
            event_count: MAX_EVENTS - 1,
            data_hash: hash(3),
        };
        let receipt = anchor(&registry, chain.merchant_id, vectors.merchant.owner, &header).await?;
        if !receipt.status() {
            return Err(format!("epoch {number} was not anchored").into());
        }
        gas.push(f64::from(u32::try_from(receipt.gas_used)?));
        parent = header.hash(&chain.merchant_id);
    }
    Ok(gas)
}

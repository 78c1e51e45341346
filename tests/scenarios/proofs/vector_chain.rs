//! The contents of the vectors' chain, read from the node, agree with the vectors.

use alloy::eips::BlockNumberOrTag;
use alloy::providers::Provider;
use alloy_primitives::{Address, address};
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_tests::anvil::CHAIN_ID;
use shelfproof_tests::vector_chain::{ANCHORED_AT_S, AS_OF_S, REGISTERED_AT_S, block_on, client, vector_chain};
use shelfproof_tests::vectors::Vectors;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[test]
fn the_vectors_stand_on_a_chain() -> Result<()> {
    let chain = vector_chain()?;
    block_on(async {
        let vectors = Vectors::read()?;
        let provider = client(chain.anvil.url())?;
        let merchant = chain.merchant_id;
        assert_eq!(provider.get_chain_id().await?, CHAIN_ID);
        assert_eq!(chain.registry, address!("5FbDB2315678afecb367f032d93F642f64180aa3"));
        assert_eq!(
            (chain.registry, merchant),
            (vectors.merchant.registry, vectors.merchant.merchant_id)
        );

        let time = async |number: u64| -> Result<u64> {
            let block = provider.get_block_by_number(number.into()).await?;
            Ok(block.ok_or("no such block")?.header.timestamp)
        };
        assert_eq!(time(chain.registered_block).await?, REGISTERED_AT_S);
        for (block, at_s) in chain.epoch_blocks.iter().zip(ANCHORED_AT_S) {
            assert_eq!(time(*block).await?, at_s);
        }
        let last = provider
            .get_block_by_number(BlockNumberOrTag::Finalized)
            .await?
            .ok_or("nothing is final")?;
        assert_eq!(
            (last.header.number, last.header.timestamp),
            (chain.final_block, AS_OF_S)
        );

        let registry = ShelfproofRegistry::new(chain.registry, &provider);
        let latest = registry.latestEpoch(merchant).call().await?;
        assert_eq!((latest.number, latest.epochHash), (4, vectors.epochs[3].hash));
        assert_eq!(u64::from(latest.anchoredAt), ANCHORED_AT_S[3]);
        assert_eq!(registry.vrfPublicKey(merchant).call().await?, vectors.vrf.public_key);
        let span = registry.receiptSigner(merchant, vectors.receipts.signer).call().await?;
        assert_eq!((span.from, span.until), (REGISTERED_AT_S, 0));
        let nobody = registry.receiptSigner(merchant, Address::ZERO).call().await?;
        assert_eq!((nobody.from, nobody.until), (0, 0));
        Ok(())
    })?
}

//! The chain of the protocol's vectors: their registry, merchant and epochs on anvil, at the vectors' block times.

use std::time::Duration;

use alloy::providers::ext::AnvilApi;
use alloy::providers::{Provider, ProviderBuilder};
use alloy::rpc::types::TransactionReceipt;
use alloy_primitives::{Address, B256};
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_verifier::epoch::Header;

use crate::Result;
use crate::anvil::{Anvil, Settings};
use crate::vectors::Vectors;

/// The time of the block that deploys the registry, which the vectors do not specify.
const DEPLOYED_AT_S: u64 = 1_789_999_900;
/// The time of the block that registers the merchant, which is the first second of its receipt key.
pub const REGISTERED_AT_S: u64 = 1_789_999_999;
/// The times of the blocks that anchor the epochs, in their order.
pub const ANCHORED_AT_S: [u64; 4] = [1_790_000_160, 1_790_000_220, 1_790_000_280, 1_790_000_340];
/// The time of the newest final block.
pub const AS_OF_S: u64 = 1_790_003_600;

/// The number of blocks between anvil's final block and its newest one, with epochs of one slot.
const BLOCKS_TO_FINALITY: u64 = 2;

/// The pause between two polls. Anvil mines immediately.
const POLL: Duration = Duration::from_millis(10);

/// The vectors' chain, running.
#[derive(Debug)]
pub struct VectorChain {
    /// The node.
    pub anvil: Anvil,
    pub registry: Address,
    /// The vectors' merchant.
    pub merchant_id: B256,
    /// The block that deployed the registry.
    pub deployed_block: u64,
    /// The block that registered the merchant.
    pub registered_block: u64,
    /// The blocks that anchored the epochs, from number 1.
    pub epoch_blocks: Vec<u64>,
    /// The newest final block.
    pub final_block: u64,
}

/// Starts anvil and writes the vectors to its chain, up to a final block at their time `asOf`.
///
/// # Errors
/// If a tool is missing, the node fails, or the chain does not agree with the vectors.
pub fn vector_chain() -> Result<VectorChain> {
    let vectors = Vectors::read()?;
    let anvil = Anvil::start(Settings {
        genesis_at_s: Some(DEPLOYED_AT_S - 1),
        ..Settings::default()
    })?;
    block_on(build(anvil, &vectors))?
}

/// Runs `future` on a runtime of its own.
///
/// # Errors
/// If the system cannot create a runtime.
pub fn block_on<F: Future>(future: F) -> Result<F::Output> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(future))
}

/// Returns a client of `url` with short pauses between polls.
///
/// # Errors
/// If `url` is not an address.
pub fn client(url: &str) -> Result<impl Provider + Clone + use<>> {
    // In a build of the whole workspace reqwest includes TLS, and needs a cryptography provider. An error means that
    // one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let provider = ProviderBuilder::new().connect_http(url.parse()?);
    provider.client().set_poll_interval(POLL);
    Ok(provider)
}

async fn build(anvil: Anvil, vectors: &Vectors) -> Result<VectorChain> {
    let provider = client(anvil.url())?;
    let merchant = &vectors.merchant;

    provider.anvil_set_next_block_timestamp(DEPLOYED_AT_S).await?;
    let deployment = ShelfproofRegistry::deploy_builder(provider.clone(), Address::ZERO).from(merchant.owner);
    let deployed = deployment.send().await?.get_receipt().await?;
    let address = deployed.contract_address.ok_or("no contract was deployed")?;
    let registry = ShelfproofRegistry::new(address, provider.clone());

    provider.anvil_set_next_block_timestamp(REGISTERED_AT_S).await?;
    let register = registry.register(
        merchant.salt,
        vectors.vrf.public_key,
        merchant.owner,
        vectors.receipts.signer,
        "https://merchant.invalid/data".to_owned(),
    );
    let registered = register.from(merchant.owner).send().await?.get_receipt().await?;

    let mut epoch_blocks = Vec::new();
    for (epoch, at_s) in vectors.epochs.iter().zip(ANCHORED_AT_S) {
        provider.anvil_set_next_block_timestamp(at_s).await?;
        let header = Header::from(&epoch.header);
        let receipt = anchor(&registry, merchant.merchant_id, merchant.owner, &header).await?;
        epoch_blocks.push(block(&receipt)?);
        let held = registry.epoch(merchant.merchant_id, header.number).call().await?;
        if (held.epochHash, u64::from(held.anchoredAt)) != (epoch.hash, at_s) {
            return Err(format!(
                "epoch {}: the registry holds {} of {}, the vectors {} of {at_s}",
                header.number, held.epochHash, held.anchoredAt, epoch.hash
            )
            .into());
        }
    }

    provider.anvil_set_next_block_timestamp(AS_OF_S).await?;
    provider.anvil_mine(Some(1), None).await?;
    let final_block = provider.get_block_number().await?;
    provider.anvil_mine(Some(BLOCKS_TO_FINALITY), None).await?;
    Ok(VectorChain {
        registry: address,
        merchant_id: merchant.merchant_id,
        deployed_block: block(&deployed)?,
        registered_block: block(&registered)?,
        epoch_blocks,
        final_block,
        anvil,
    })
}

/// Anchors an epoch from `anchorer`, an account for which anvil signs.
///
/// # Errors
/// The node's or the registry's error.
pub async fn anchor<P: Provider>(
    registry: &ShelfproofRegistry::ShelfproofRegistryInstance<P>,
    merchant_id: B256,
    anchorer: Address,
    header: &Header,
) -> Result<TransactionReceipt> {
    let call = registry.anchor(
        merchant_id,
        header.number,
        header.parent,
        header.events_root,
        header.history_root,
        header.event_count,
        header.data_hash,
    );
    Ok(call.from(anchorer).send().await?.get_receipt().await?)
}

/// Returns the block of a transaction, which must have succeeded.
fn block(receipt: &TransactionReceipt) -> Result<u64> {
    if !receipt.status() {
        return Err(format!("transaction {} was reverted", receipt.transaction_hash).into());
    }
    receipt.block_number.ok_or_else(|| "a receipt without a block".into())
}

//! A copy of the shop's chain on which only the operator sends transactions and sets the time.

use std::thread;
use std::time::Duration;

use alloy::eips::BlockNumberOrTag;
use alloy::providers::Provider;
use alloy::providers::ext::AnvilApi;
use alloy_primitives::{Address, Bytes, U256};
use shelfproof_base::clock::now_ms;
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_verifier::chain::rpc::{Finality, RpcSource};
use shelfproof_verifier::chain::{ChainView, Identity, Needs, RootSource};
use shelfproof_verifier::epoch::Header;

use crate::Result;
use crate::anvil::{Anvil, Settings, proxy};
use crate::merchant_chain::FUNDS_WEI;
use crate::vector_chain::{anchor, block_on, client};

/// The number of blocks that make earlier ones final, and that a chain needs after loading to know its own past.
const BLOCKS_TO_FINALITY: u64 = 3;

/// Exports the whole state of a chain, which another chain can load.
pub(super) fn dump(rpc: &str) -> Result<Bytes> {
    block_on(async { Ok(client(rpc)?.anvil_dump_state().await?) })?
}

/// A copy of the chain, which ends when this is dropped. It makes a block for each transaction.
pub(super) struct Chain {
    anvil: Anvil,
    identity: Identity,
    anchorer: Address,
}

impl Chain {
    /// Starts a copy on which that merchant continues to anchor from the account `anchorer`, whose key the operator has.
    pub(super) fn load(dump: &Bytes, identity: Identity, anchorer: Address) -> Result<Self> {
        let anvil = Anvil::start(Settings::default())?;
        block_on(async {
            let provider = client(anvil.url())?;
            if !provider.anvil_load_state(dump.clone()).await? {
                return Err("anvil does not take the copy of the chain".into());
            }
            provider.anvil_set_balance(anchorer, U256::from(FUNDS_WEI)).await?;
            // The node signs for the account, which has the same effect.
            provider.anvil_impersonate_account(anchorer).await?;
            Ok::<_, Box<dyn std::error::Error>>(provider.anvil_mine(Some(BLOCKS_TO_FINALITY), None).await?)
        })??;
        Ok(Self {
            anvil,
            identity,
            anchorer,
        })
    }

    /// Waits until the system's clock has come to the time of the newest block. Blocks that follow each other at once
    /// get times a second apart, ahead of the clock.
    pub(super) fn wait_for_the_clock(&self) -> Result<()> {
        let newest = block_on(async {
            let provider = client(self.anvil.url())?;
            let block = provider.get_block_by_number(BlockNumberOrTag::Latest).await?;
            Ok::<_, Box<dyn std::error::Error>>(block.ok_or("a chain without blocks")?.header.timestamp)
        })??;
        if let Some(ahead_ms) = (newest * 1_000).checked_sub(now_ms()) {
            thread::sleep(Duration::from_millis(ahead_ms));
        }
        Ok(())
    }

    /// Whether the chain's process has ended by itself.
    pub(super) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.anvil.has_ended()?)
    }

    /// Anchors an epoch, which is final when this returns.
    pub(super) fn anchor(&self, header: &Header) -> Result<()> {
        block_on(async {
            let provider = client(self.anvil.url())?;
            let registry = ShelfproofRegistry::new(self.identity.registry, provider.clone());
            let receipt = anchor(&registry, self.identity.merchant_id, self.anchorer, header).await?;
            if !receipt.status() {
                return Err(format!("epoch {} was reverted", header.number).into());
            }
            Ok(provider.anvil_mine(Some(BLOCKS_TO_FINALITY), None).await?)
        })?
    }

    /// Names the address of the merchant's data in the registry, as its owner; final when this returns.
    pub(super) fn name_data(&self, uri: &str) -> Result<()> {
        let Identity {
            registry, merchant_id, ..
        } = self.identity;
        block_on(async {
            let provider = client(self.anvil.url())?;
            let registry = ShelfproofRegistry::new(registry, provider.clone());
            let owner = registry.owner(merchant_id).call().await?;
            provider.anvil_impersonate_account(owner).await?;
            let call = registry.setDataUri(merchant_id, uri.to_owned());
            call.from(owner).send().await?.get_receipt().await?;
            Ok(provider.anvil_mine(Some(BLOCKS_TO_FINALITY), None).await?)
        })?
    }

    /// Moves the chain's time forward.
    pub(super) fn pass(&self, seconds: u64) -> Result<()> {
        block_on(async {
            let provider = client(self.anvil.url())?;
            provider.anvil_increase_time(seconds).await?;
            Ok(provider.anvil_mine(Some(BLOCKS_TO_FINALITY), None).await?)
        })?
    }

    /// Puts a proxy (EIP-1167) at the registry's address, before the code that stood there.
    pub(super) fn put_proxy_before_registry(&self) -> Result<()> {
        let behind = Address::repeat_byte(0xee);
        block_on(async {
            let provider = client(self.anvil.url())?;
            let code = provider.get_code_at(self.identity.registry).await?;
            provider.anvil_set_code(behind, code).await?;
            provider.anvil_set_code(self.identity.registry, proxy(behind)).await?;
            Ok(provider.anvil_mine(Some(BLOCKS_TO_FINALITY), None).await?)
        })?
    }

    /// Reads what the chain says about the merchant.
    pub(super) fn view(&self, needs: &Needs) -> Result<ChainView> {
        let Identity {
            chain_id,
            registry,
            merchant_id,
        } = self.identity;
        block_on(async {
            let source =
                RpcSource::connect(self.anvil.url(), Some(chain_id), registry, merchant_id, Finality::Tag).await?;
            Ok(source.view(needs).await?)
        })?
    }

    /// The JSON-RPC address of its node.
    pub(super) fn url(&self) -> &str {
        self.anvil.url()
    }
}

//! A copy of the shop's chain on which only the operator sends transactions and sets the time.

use alloy::providers::ext::AnvilApi;
use alloy_primitives::{Address, Bytes, U256};
use shelfproof_contracts::ShelfproofRegistry;
use shelfproof_verifier::chain::rpc::{Finality, RpcSource};
use shelfproof_verifier::chain::{ChainView, Identity, Needs, RootSource};
use shelfproof_verifier::epoch::Header;

use crate::Result;
use crate::anvil::{Anvil, Settings};
use crate::merchant_chain::FUNDS_WEI;
use crate::vector_chain::{anchor, block_on, client};

/// Blocks that make those before them final, and that a chain just loaded needs to know its own past.
const BLOCKS_TO_FINALITY: u64 = 3;

/// All that a chain holds, to be loaded into another.
pub(super) fn dump(rpc: &str) -> Result<Bytes> {
    block_on(async { Ok(client(rpc)?.anvil_dump_state().await?) })?
}

/// A copy of the chain, gone with its handle. It makes a block for each transaction.
pub(super) struct Chain {
    anvil: Anvil,
    identity: Identity,
    anchorer: Address,
}

impl Chain {
    /// A copy, on which the merchant of that name goes on anchoring by that account, whose key the crook has.
    pub(super) fn load(dump: &Bytes, identity: Identity, anchorer: Address) -> Result<Self> {
        let anvil = Anvil::start(Settings::default())?;
        block_on(async {
            let provider = client(anvil.url())?;
            if !provider.anvil_load_state(dump.clone()).await? {
                return Err("anvil does not take the copy of the chain".into());
            }
            provider.anvil_set_balance(anchorer, U256::from(FUNDS_WEI)).await?;
            // The node signs in its place, to the same effect.
            provider.anvil_impersonate_account(anchorer).await?;
            Ok::<_, Box<dyn std::error::Error>>(provider.anvil_mine(Some(BLOCKS_TO_FINALITY), None).await?)
        })??;
        Ok(Self {
            anvil,
            identity,
            anchorer,
        })
    }

    /// Whether it has ended by itself.
    pub(super) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.anvil.has_ended()?)
    }

    /// Anchors an epoch, final when this returns.
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

    /// Lets time pass.
    pub(super) fn pass(&self, seconds: u64) -> Result<()> {
        block_on(async {
            let provider = client(self.anvil.url())?;
            provider.anvil_increase_time(seconds).await?;
            Ok(provider.anvil_mine(Some(BLOCKS_TO_FINALITY), None).await?)
        })?
    }

    /// What it says of the merchant.
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

    /// Its node's JSON-RPC address.
    pub(super) fn url(&self) -> &str {
        self.anvil.url()
    }
}

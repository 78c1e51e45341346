//! A chain with one registered merchant.

use alloy::providers::ext::AnvilApi;
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::Filter;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolEvent;
use alloy_primitives::{Address, B256, U256, b256, keccak256};
use shelfproof_contracts::ShelfproofRegistry::{self, EpochAnchored};
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::chain::rpc::{Finality, RpcSource};
use shelfproof_verifier::epoch;

use crate::Result;
use crate::anvil::{Anvil, CHAIN_ID, Settings};
use crate::vector_chain::client;

/// The balance of a test's anchorer, in wei.
pub const FUNDS_WEI: u128 = 1_000_000_000_000_000_000;

/// The values with which a merchant is registered.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// The VRF key.
    pub vrf_public_key: B256,
    /// The account that anchors. It gets funds.
    pub anchorer: Address,
    /// The address of the receipt key.
    pub receipt_signer: Address,
    /// The address of the published data.
    pub data_uri: String,
}

/// A running chain with a merchant. A block is final when two more follow it.
#[derive(Debug)]
pub struct MerchantChain {
    /// The node.
    pub anvil: Anvil,
    /// The merchant.
    pub identity: Identity,
    /// The merchant's owner, an account for which anvil signs.
    pub owner: Address,
}

/// Returns the key of an anchorer.
///
/// # Errors
/// Never: the key is below the group's order.
pub fn anchorer() -> Result<PrivateKeySigner> {
    Ok(PrivateKeySigner::from_bytes(&keccak256("an anchorer of tests"))?)
}

/// Returns the key of the merchant's owner, the first of anvil's well-known accounts.
///
/// # Errors
/// As [`anchorer`].
pub fn owner() -> Result<PrivateKeySigner> {
    let key = b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
    Ok(PrivateKeySigner::from_bytes(&key)?)
}

impl Merchant {
    /// Returns the values of a merchant without a shop, anchored by [`anchorer`].
    ///
    /// # Errors
    /// As [`anchorer`].
    pub fn plain() -> Result<Self> {
        Ok(Self {
            vrf_public_key: keccak256("a VRF key"),
            anchorer: anchorer()?.address(),
            receipt_signer: Address::repeat_byte(7),
            data_uri: "http://127.0.0.1:1/data".to_owned(),
        })
    }
}

impl MerchantChain {
    /// Starts anvil, deploys the registry and registers the merchant. All of it is final when this returns.
    ///
    /// # Errors
    /// The node's error.
    pub async fn start(settings: Settings, merchant: &Merchant) -> Result<Self> {
        let chain = Self::deploy_on(settings).await?;
        chain.register(merchant).await?;
        Ok(chain)
    }

    /// Starts anvil and deploys the registry. The merchant's id is known from then on, because it does not depend on
    /// its keys.
    ///
    /// # Errors
    /// The node's error.
    pub async fn deploy(block_time_s: Option<u64>) -> Result<Self> {
        Self::deploy_on(Settings {
            block_time_s,
            ..Settings::default()
        })
        .await
    }

    /// Like [`deploy`](Self::deploy), on a chain with these settings.
    ///
    /// # Errors
    /// The node's error.
    pub async fn deploy_on(settings: Settings) -> Result<Self> {
        let anvil = Anvil::start(settings)?;
        let provider = client(anvil.url())?.erased();
        let accounts = provider.get_accounts().await?;
        let owner = *accounts.first().ok_or("anvil has no account")?;
        let deployment = ShelfproofRegistry::deploy_builder(provider.clone(), Address::ZERO).from(owner);
        let deployed = deployment.send().await?.get_receipt().await?;
        let registry = deployed.contract_address.ok_or("no contract was deployed")?;
        let merchant_id = epoch::merchant_id(CHAIN_ID, &registry, &owner, &B256::ZERO);
        Ok(Self {
            anvil,
            identity: Identity {
                chain_id: CHAIN_ID,
                registry,
                merchant_id,
            },
            owner,
        })
    }

    /// Registers the merchant and funds its anchorer. Both are final when this returns.
    ///
    /// # Errors
    /// The node's error.
    pub async fn register(&self, merchant: &Merchant) -> Result<()> {
        let provider = self.provider()?;
        let contract = ShelfproofRegistry::new(self.identity.registry, &provider);
        let call = contract.register(
            B256::ZERO,
            merchant.vrf_public_key,
            merchant.anchorer,
            merchant.receipt_signer,
            merchant.data_uri.clone(),
        );
        call.from(self.owner).send().await?.get_receipt().await?;
        self.fund(merchant.anchorer, FUNDS_WEI).await?;
        self.finalise().await
    }

    /// Returns a client of the node. Each runtime needs its own, because the client runs a task on it.
    ///
    /// # Errors
    /// If the node's address is invalid.
    pub fn provider(&self) -> Result<DynProvider> {
        Ok(client(self.anvil.url())?.erased())
    }

    /// Returns the source from which the merchant's own programs read the chain.
    ///
    /// # Errors
    /// If the node does not answer.
    pub async fn source(&self) -> Result<RpcSource> {
        let Identity {
            chain_id,
            registry,
            merchant_id,
        } = self.identity;
        Ok(RpcSource::connect(self.anvil.url(), Some(chain_id), registry, merchant_id, Finality::Tag).await?)
    }

    /// Sets an account's balance.
    ///
    /// # Errors
    /// The node's error.
    pub async fn fund(&self, account: Address, wei: u128) -> Result<()> {
        Ok(self.provider()?.anvil_set_balance(account, U256::from(wei)).await?)
    }

    /// Mines blocks until the block that is now the newest is final.
    ///
    /// # Errors
    /// The node's error.
    pub async fn finalise(&self) -> Result<()> {
        Ok(self.provider()?.anvil_mine(Some(2), None).await?)
    }

    /// Returns all epochs that were ever anchored, with their blocks.
    ///
    /// # Errors
    /// The node's error.
    pub async fn epochs(&self) -> Result<Vec<(u64, EpochAnchored)>> {
        let filter = Filter::new()
            .address(self.identity.registry)
            .event_signature(EpochAnchored::SIGNATURE_HASH)
            .from_block(0);
        let logs = self.provider()?.get_logs(&filter).await?;
        let read = |log: &alloy::rpc::types::Log| {
            let block = log.block_number.ok_or("a log without a block")?;
            Ok((block, EpochAnchored::decode_log(&log.inner)?.data))
        };
        logs.iter().map(read).collect()
    }

    /// Returns how many transactions an account has sent.
    ///
    /// # Errors
    /// The node's error.
    pub async fn sent_by(&self, account: Address) -> Result<u64> {
        Ok(self.provider()?.get_transaction_count(account).await?)
    }
}

//! The registry over JSON-RPC: one node, read at one final block.
//!
//! The node's answers about the chain's state are trusted, since checking them would need consensus proofs. Everything
//! else is checked: answers are bounded in size and time, logs are hashed again and compared with the registry's epoch
//! hashes, and a log's block must be the one that the node has at that height. An epoch's time is the registry's.

mod block;
mod error;
mod logs;
mod range;
mod scan;
mod signers;
mod transport;

use std::collections::BTreeMap;

use alloy::providers::{Provider, RootProvider};
use alloy::rpc::client::RpcClient;
use alloy_primitives::{Address, B256};
use shelfproof_contracts::ShelfproofRegistry::ShelfproofRegistryInstance;

use super::{ChainView, Identity, Needs, RootSource, SignerSpan};

pub use block::{FinalBlock, Finality};
pub use error::RpcError;
pub use scan::Scan;

/// One merchant in the registry, read from one node.
#[derive(Clone, Debug)]
pub struct RpcSource {
    provider: RootProvider,
    identity: Identity,
    finality: Finality,
    /// Block numbers by epoch number, from bundles: tried first, and used only if the hash matches.
    block_hints: BTreeMap<u64, u64>,
}

impl RpcSource {
    /// Connects to `url` and asks the node which chain it serves.
    ///
    /// `chain_id` is the chain that the user gave or has pinned; `None` accepts the node's. A merchant id is a hash
    /// over its chain's id, so on a wrong chain no merchant will be found.
    ///
    /// # Errors
    /// [`RpcError`]: no answer, another chain.
    pub async fn connect(
        url: &str,
        chain_id: Option<u64>,
        registry: Address,
        merchant_id: B256,
        finality: Finality,
    ) -> Result<Self, RpcError> {
        let transport = transport::BoundedHttp::new(url)?;
        let provider = RootProvider::new(RpcClient::new(transport, false));
        let found = provider
            .get_chain_id()
            .await
            .map_err(|e| RpcError::call("eth_chainId", e))?;
        if let Some(told) = chain_id.filter(|told| *told != found) {
            return Err(RpcError::WrongChain { told, found });
        }
        let identity = Identity {
            chain_id: found,
            registry,
            merchant_id,
        };
        Ok(Self {
            provider,
            identity,
            finality,
            block_hints: BTreeMap::new(),
        })
    }

    /// Tries `hints`, block numbers by epoch number, before searching for an epoch's log.
    #[must_use]
    pub fn with_block_hints(mut self, hints: impl IntoIterator<Item = (u64, u64)>) -> Self {
        self.block_hints.extend(hints);
        self
    }

    /// The merchant.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        self.identity
    }

    /// The connection to the node, for sending transactions. Its answers are bounded in bytes and time, and otherwise
    /// unchecked.
    #[must_use]
    pub const fn provider(&self) -> &RootProvider {
        &self.provider
    }

    /// The newest final block. All reads for one check are made at the same block.
    ///
    /// # Errors
    /// [`RpcError`], also if the node names no final block.
    pub async fn final_block(&self) -> Result<FinalBlock, RpcError> {
        block::newest_final(&self.provider, self.finality).await
    }

    /// The merchant's VRF public key as of `at`.
    ///
    /// # Errors
    /// [`RpcError::NoContract`] if the registry's address is empty, [`RpcError::NotRegistered`] if the registry does
    /// not know the merchant.
    pub async fn vrf_public_key(&self, at: &FinalBlock) -> Result<B256, RpcError> {
        let answer = self
            .registry()
            .vrfPublicKey(self.identity.merchant_id)
            .block(at.id())
            .call()
            .await;
        match answer {
            Ok(key) if key != B256::ZERO => Ok(key),
            // A revert, an empty answer and a zero word all mean that no merchant is registered; an outage does not.
            Err(error) if error::is_outage(&error) => Err(RpcError::contract("vrfPublicKey", error)),
            _ => Err(self.no_merchant(at).await),
        }
    }

    /// Number and hash of the latest epoch as of `at`; number 0 if there is none yet.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn latest_epoch(&self, at: &FinalBlock) -> Result<(u64, B256), RpcError> {
        let call = self
            .registry()
            .latestEpoch(self.identity.merchant_id)
            .block(at.id())
            .call()
            .await;
        let latest = call.map_err(|e| RpcError::contract("latestEpoch", e))?;
        Ok((latest.number, latest.epochHash))
    }

    /// The newest block, which may not be final. Verdicts use final blocks only.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn newest_block(&self) -> Result<FinalBlock, RpcError> {
        block::newest(&self.provider).await
    }

    /// Number and hash of the latest epoch in the newest block.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn newest_epoch(&self) -> Result<(u64, B256), RpcError> {
        self.latest_epoch(&self.newest_block().await?).await
    }

    /// The hash of an epoch and the time of its block, Unix seconds, as the registry holds them as of `at`; zeros if it
    /// holds none.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn epoch(&self, number: u64, at: &FinalBlock) -> Result<(B256, u64), RpcError> {
        let call = self
            .registry()
            .epoch(self.identity.merchant_id, number)
            .block(at.id())
            .call()
            .await;
        let epoch = call.map_err(|e| RpcError::contract("epoch", e))?;
        Ok((epoch.epochHash, u64::from(epoch.anchoredAt)))
    }

    /// The time in which `signer` is one of the merchant's receipt keys, as of `at`; `None` if it never was added.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn receipt_signer(&self, signer: Address, at: &FinalBlock) -> Result<Option<SignerSpan>, RpcError> {
        let call = self
            .registry()
            .receiptSigner(self.identity.merchant_id, signer)
            .block(at.id())
            .call()
            .await;
        let span = call.map_err(|e| RpcError::contract("receiptSigner", e))?;
        Ok((span.from != 0).then_some(SignerSpan {
            address: signer,
            from_s: span.from,
            until_s: span.until,
        }))
    }

    /// The address where the merchant's data is published, as of `at`. It is any text that the merchant chose.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn data_uri(&self, at: &FinalBlock) -> Result<String, RpcError> {
        let call = self
            .registry()
            .dataUri(self.identity.merchant_id)
            .block(at.id())
            .call()
            .await;
        call.map_err(|e| RpcError::contract("dataUri", e))
    }

    fn registry(&self) -> ShelfproofRegistryInstance<&RootProvider> {
        ShelfproofRegistryInstance::new(self.identity.registry, &self.provider)
    }

    /// Why the registry has no VRF key.
    async fn no_merchant(&self, at: &FinalBlock) -> RpcError {
        match self
            .provider
            .get_code_at(self.identity.registry)
            .block_id(at.id())
            .await
        {
            Ok(code) if code.is_empty() => RpcError::NoContract,
            Ok(_) => RpcError::NotRegistered,
            Err(error) => RpcError::call("eth_getCode", error),
        }
    }
}

impl RootSource for RpcSource {
    type Error = RpcError;

    async fn view(&self, needs: &Needs) -> Result<ChainView, RpcError> {
        let at = self.final_block().await?;
        let vrf_public_key = self.vrf_public_key(&at).await?;
        let (latest, _) = self.latest_epoch(&at).await?;
        let mut held = BTreeMap::new();
        // `BTreeSet::range` would panic here before the first epoch, when the range is empty.
        for number in needs.epochs.iter().filter(|number| (1..=latest).contains(*number)) {
            held.insert(*number, self.epoch(*number, &at).await?);
        }
        let found = logs::locate(self, &held, &at).await?;
        let mut receipt_signers = Vec::new();
        for signer in &needs.signers {
            receipt_signers.extend(self.receipt_signer(*signer, &at).await?);
        }
        let epochs = found
            .into_iter()
            .map(|(number, epoch)| (number, epoch.anchored()))
            .collect();
        Ok(ChainView {
            identity: self.identity,
            vrf_public_key,
            receipt_signers,
            as_of_s: at.time_s,
            first: 0,
            latest,
            epochs,
        })
    }
}

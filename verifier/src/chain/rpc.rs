//! The registry over JSON-RPC: one node, read as of one final block.
//!
//! The node's answers about the chain's state are trusted, since checking them would need consensus proofs. Everything
//! else is checked: answers are bounded in size and time, headers and logs are hashed again and compared with the
//! registry's epoch hashes, and a log's block must be the one that the node has at that height. An epoch's time is the
//! registry's.

mod audited;
mod batch;
mod block;
mod code;
mod error;
mod logs;
mod name;
mod range;
mod registration;
mod scan;
mod signers;
mod state;
mod transport;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use alloy::providers::{Provider, RootProvider};
use alloy::rpc::client::RpcClient;
use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256};
use shelfproof_contracts::ShelfproofRegistry::{
    dataUriCall, epochCall, latestEpochCall, receiptSignerCall, vrfPublicKeyCall,
};

use super::{Anchored, ChainView, Identity, Needs, RootSource, SignerSpan};

pub use block::{FinalBlock, Finality};
pub use error::RpcError;
pub use registration::{Registration, Retired};
pub use scan::Scan;
pub use transport::OnPause;

/// The most epochs whose blocks are searched for where no hint names them.
const MAX_SEARCHED: usize = 8;

/// What the registry holds of an epoch: its hash, and the time of its block; zeros for nothing.
type Held = (B256, u64);

/// At which block state is asked, and at which it must not be.
#[derive(Clone, Copy, Debug, Default)]
struct Newest {
    /// The hash of the newest block, when it was last asked for.
    hash: Option<B256>,
    /// The number of the final block that is read as of: the state of a block below it lacks what is final.
    least: u64,
}

/// One merchant in the registry, read from one node.
#[derive(Clone, Debug)]
pub struct RpcSource {
    /// What errors call the node, if there are several.
    name: Option<Arc<str>>,
    provider: RootProvider,
    identity: Identity,
    finality: Finality,
    /// Block numbers by epoch number, from bundles: tried first, and used only if the hash matches.
    block_hints: BTreeMap<u64, u64>,
    /// At which block state is asked.
    newest: Arc<Mutex<Newest>>,
    /// The one final block to read as of, and the latest epoch in it.
    agreed: Option<(FinalBlock, (u64, B256))>,
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
        Self::connect_telling(url, chain_id, (registry, merchant_id), finality, Arc::new(|_| {})).await
    }

    /// Like [`connect`](Self::connect); `on_pause` is told of each pause that the node asks for.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_telling(
        url: &str,
        chain_id: Option<u64>,
        (registry, merchant_id): (Address, B256),
        finality: Finality,
        on_pause: OnPause,
    ) -> Result<Self, RpcError> {
        let transport = transport::BoundedHttp::new(url, on_pause)?;
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
            name: None,
            provider,
            identity,
            finality,
            block_hints: BTreeMap::new(),
            newest: Arc::default(),
            agreed: None,
        })
    }

    /// Tries `hints`, block numbers by epoch number, before searching for an epoch's block.
    #[must_use]
    pub fn with_block_hints(mut self, hints: impl IntoIterator<Item = (u64, u64)>) -> Self {
        self.block_hints.extend(hints);
        self
    }

    /// Reads as of that final block and no other. Several nodes agree that `latest` is the latest epoch in it: number
    /// and hash.
    #[must_use]
    pub const fn as_of(mut self, at: FinalBlock, latest: (u64, B256)) -> Self {
        self.agreed = Some((at, latest));
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

    /// The newest final block. All reads for one check are made as of the same block.
    ///
    /// # Errors
    /// [`RpcError`], also if the node names no final block.
    pub async fn final_block(&self) -> Result<FinalBlock, RpcError> {
        if let Some((at, _)) = self.agreed {
            return Ok(at);
        }
        let at = block::newest_final(&self.provider, self.finality).await?;
        self.newest().least = at.number;
        if self.newest_block().await?.number < at.number {
            // One of the machines behind the node's address lags.
            self.newest().hash = Some(at.hash);
        }
        Ok(at)
    }

    /// The merchant's VRF public key, which never changes.
    ///
    /// # Errors
    /// [`RpcError::NoContract`] if the registry's address is empty, [`RpcError::NotRegistered`] if the registry does
    /// not know the merchant.
    pub async fn vrf_public_key(&self) -> Result<B256, RpcError> {
        let call = vrfPublicKeyCall {
            merchantId: self.identity.merchant_id,
        };
        // A revert, an empty answer and a zero word all mean that no merchant is registered; an outage does not.
        match self.call_raw("vrfPublicKey", &call).await {
            Ok(answer) => match vrfPublicKeyCall::abi_decode_returns(&answer) {
                Ok(key) if key != B256::ZERO => Ok(key),
                _ => Err(self.no_merchant().await),
            },
            Err(error) if error.is_revert() => Err(self.no_merchant().await),
            Err(error) => Err(error),
        }
    }

    /// Number and hash of the latest epoch as of `at`; number 0 if there is none yet.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn latest_epoch(&self, at: &FinalBlock) -> Result<(u64, B256), RpcError> {
        match self.agreed {
            Some((agreed, latest)) if agreed == *at => Ok(latest),
            _ => self.latest_as_of(at).await,
        }
    }

    /// The block at that height, as the node has it.
    ///
    /// # Errors
    /// [`RpcError`], also if the node has none.
    pub async fn block(&self, number: u64) -> Result<FinalBlock, RpcError> {
        block::by_number(&self.provider, number).await
    }

    /// The newest block, which may not be final. Verdicts use final blocks only.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn newest_block(&self) -> Result<FinalBlock, RpcError> {
        let newest = block::newest(&self.provider).await?;
        let mut known = self.newest();
        if newest.number >= known.least {
            known.hash = Some(newest.hash);
        }
        drop(known);
        Ok(newest)
    }

    /// Number and hash of the latest epoch in the newest block.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn newest_epoch(&self) -> Result<(u64, B256), RpcError> {
        self.newest_block().await?;
        let call = latestEpochCall {
            merchantId: self.identity.merchant_id,
        };
        let newest = self.call("latestEpoch", &call).await?;
        Ok((newest.number, newest.epochHash))
    }

    /// The hash of an epoch and the time of its block, Unix seconds, as the registry holds them as of `at`; zeros if it
    /// holds none.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn epoch(&self, number: u64, at: &FinalBlock) -> Result<(B256, u64), RpcError> {
        let call = epochCall {
            merchantId: self.identity.merchant_id,
            number,
        };
        let epoch = self.call("epoch", &call).await?;
        let held = (epoch.epochHash, u64::from(epoch.anchoredAt));
        self.if_final(number, held, at).await
    }

    /// As [`epoch`](Self::epoch), for an epoch up to `latest`, the latest as of `at`.
    ///
    /// # Errors
    /// [`RpcError`]; [`RpcError::Contradicts`] if the registry holds none.
    pub async fn epoch_up_to(&self, latest: u64, number: u64, at: &FinalBlock) -> Result<(B256, u64), RpcError> {
        match self.epoch(number, at).await? {
            (B256::ZERO, _) => Err(RpcError::Contradicts { number, latest }),
            held => Ok(held),
        }
    }

    /// The time in which `signer` is one of the merchant's receipt keys, as of `at`; `None` if it never was added. An
    /// end lies at least an hour after the block that set it, so that one which is not final changes nothing before.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn receipt_signer(&self, signer: Address, at: &FinalBlock) -> Result<Option<SignerSpan>, RpcError> {
        let call = receiptSignerCall {
            merchantId: self.identity.merchant_id,
            signer,
        };
        let span = self.call("receiptSigner", &call).await?;
        Ok((1..=at.time_s).contains(&span.from).then_some(SignerSpan {
            address: signer,
            from_s: span.from,
            until_s: span.until,
        }))
    }

    /// The address where the merchant's data is published. It is any text that the merchant chose.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn data_uri(&self) -> Result<String, RpcError> {
        let call = dataUriCall {
            merchantId: self.identity.merchant_id,
        };
        self.call("dataUri", &call).await
    }

    /// Why the registry has no VRF key.
    async fn no_merchant(&self) -> RpcError {
        let state = match self.state().await {
            Ok(state) => state,
            Err(error) => return error,
        };
        match self.provider.get_code_at(self.identity.registry).block_id(state).await {
            Ok(code) if code.is_empty() => RpcError::NoContract,
            Ok(_) => RpcError::NotRegistered,
            Err(error) => RpcError::call("eth_getCode", error),
        }
    }

    /// The epochs as of `at`, up to the latest, that a check needs, with their blocks where the node tells them.
    async fn held(&self, numbers: &[u64], latest: u64, at: &FinalBlock) -> Result<BTreeMap<u64, Anchored>, RpcError> {
        let mut batches = batch::Batches::default();
        let mut epochs = BTreeMap::new();
        let mut rest = numbers;
        // Block numbers are only shown: they are searched for where that is cheap, and at no node that refuses.
        let (may_search, mut refused) = (numbers.len() <= MAX_SEARCHED, false);
        while !rest.is_empty() {
            let held = batches.first_of(self, rest.iter().copied(), at).await?;
            for (number, held) in rest.iter().zip(&held) {
                if held.0.is_zero() {
                    return Err(RpcError::Contradicts {
                        number: *number,
                        latest,
                    });
                }
                let hint = self.block_hints.get(number).copied();
                let block = if refused || (hint.is_none() && !may_search) {
                    None
                } else {
                    let found = logs::block_of(self, *number, *held, hint, may_search, at).await;
                    refused = found.is_err();
                    found.unwrap_or_default()
                };
                let anchored = Anchored {
                    hash: held.0,
                    anchored_at_s: held.1,
                    block,
                };
                epochs.insert(*number, anchored);
            }
            rest = &rest[held.len()..];
        }
        Ok(epochs)
    }
}

impl RootSource for RpcSource {
    type Error = RpcError;

    async fn view(&self, needs: &Needs) -> Result<ChainView, RpcError> {
        let at = self.final_block().await?;
        let vrf_public_key = self.vrf_public_key().await?;
        let (latest, _) = self.latest_epoch(&at).await?;
        let numbers = needs.epochs.iter().copied();
        let numbers: Vec<u64> = numbers.filter(|number| (1..=latest).contains(number)).collect();
        let epochs = self.held(&numbers, latest, &at).await?;
        let mut receipt_signers = Vec::new();
        for signer in &needs.signers {
            receipt_signers.extend(self.receipt_signer(*signer, &at).await?);
        }
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

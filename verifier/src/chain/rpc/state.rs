//! The registry's state, asked at the newest block and compared with the final one.
//!
//! Many nodes keep no state as old as the final block, and none of them keeps it for as long as an audit takes. What
//! the registry holds of an epoch never changes, and it says when the epoch was anchored: in the state of the newest
//! block, exactly the epochs with a time up to the final block's are those of the final block. So nothing that a
//! reorganisation may still undo is believed.

use std::sync::{MutexGuard, PoisonError};

use alloy::eips::BlockId;
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::{self, SolCall};
use alloy_primitives::{B256, Bytes};
use shelfproof_contracts::ShelfproofRegistry::{epochCall, latestEpochCall};

use super::{FinalBlock, Held, Newest, RpcError, RpcSource, block};

pub(super) const ETH_CALL: &str = "eth_call";
const LATEST_EPOCH: &str = "latestEpoch";
/// What the registry holds of an epoch that it does not have.
const NOTHING: Held = (B256::ZERO, 0);

impl RpcSource {
    /// Calls a view of the registry; `view` is its name.
    pub(super) async fn call<C: SolCall>(&self, view: &'static str, call: &C) -> Result<C::Return, RpcError> {
        let answer = self.call_raw(view, call).await?;
        C::abi_decode_returns(&answer).map_err(|error| not_abi(view, &error))
    }

    /// Like [`Self::call`]; the answer's bytes. A node that lost the state, as after a reorganisation or a long time, is
    /// asked again at what is its newest block then.
    pub(super) async fn call_raw<C: SolCall>(&self, view: &'static str, call: &C) -> Result<Bytes, RpcError> {
        let request = self.request(call);
        let state = self.state().await?;
        let refused = match self.provider.call(request.clone()).block(state).await {
            Ok(answer) => return Ok(answer),
            Err(error) => RpcError::call(view, error),
        };
        if refused.is_revert() || !matches!(refused, RpcError::Refused { .. }) {
            return Err(refused);
        }
        if !self.renew_state().await? {
            return Err(refused);
        }
        let answer = self.provider.call(request).block(self.state().await?).await;
        answer.map_err(|error| RpcError::call(view, error))
    }

    pub(super) fn request<C: SolCall>(&self, call: &C) -> TransactionRequest {
        TransactionRequest::default()
            .to(self.identity.registry)
            .input(call.abi_encode().into())
    }

    /// The block at which state is asked: the newest when a block was last asked for.
    pub(super) async fn state(&self) -> Result<BlockId, RpcError> {
        let known = self.newest().hash;
        let hash = match known {
            Some(hash) => hash,
            None => self.newest_block().await?.hash,
        };
        Ok(BlockId::hash(hash))
    }

    /// Asks for the newest block again; whether it is another one.
    ///
    /// # Errors
    /// [`RpcError::Lags`] if it lies below the final block, whose epochs its state may lack.
    pub(super) async fn renew_state(&self) -> Result<bool, RpcError> {
        let Newest { hash: known, least } = *self.newest();
        let newest = self.newest_block().await?;
        if newest.number < least {
            return Err(RpcError::Lags {
                newest: newest.number,
                at: least,
            });
        }
        Ok(known != Some(newest.hash))
    }

    pub(super) fn newest(&self) -> MutexGuard<'_, Newest> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number and hash of the latest epoch as of `at`; number 0 if there is none yet.
    pub(super) async fn latest_as_of(&self, at: &FinalBlock) -> Result<(u64, B256), RpcError> {
        let call = latestEpochCall {
            merchantId: self.identity.merchant_id,
        };
        let newest = self.call(LATEST_EPOCH, &call).await?;
        if newest.number == 0 || self.is_final(newest.number, u64::from(newest.anchoredAt), at).await? {
            return Ok((newest.number, newest.epochHash));
        }
        // Times rise along the epochs: the final ones come before all others.
        let (mut low, mut high) = (0, newest.number);
        let mut hash = B256::ZERO;
        let mut step: u64 = 1;
        while high - low > 1 {
            // Almost always the epoch before is final already.
            let middle = high.saturating_sub(step).max(low + (high - low) / 2);
            match self.epoch(middle, at).await? {
                NOTHING => high = middle,
                held => (low, hash) = (middle, held.0),
            }
            step = step.saturating_mul(2);
        }
        Ok((low, hash))
    }

    /// What the registry holds of an epoch, if that is of a block up to `at`.
    pub(super) async fn if_final(&self, number: u64, held: Held, at: &FinalBlock) -> Result<Held, RpcError> {
        let is_final = held.1 != 0 && self.is_final(number, held.1, at).await?;
        Ok(if is_final { held } else { NOTHING })
    }

    /// Whether an epoch that the registry holds since that time is in a block up to `at`.
    async fn is_final(&self, number: u64, anchored_at_s: u64, at: &FinalBlock) -> Result<bool, RpcError> {
        if anchored_at_s != at.time_s {
            return Ok(anchored_at_s < at.time_s);
        }
        // Some chains have several blocks of one time. Unless the final block is the last of them, only its own state
        // says whether the epoch is in one up to it; at a node that lost that state, the epoch waits for a later block.
        let next = block::at_height(&self.provider, at.number.saturating_add(1)).await?;
        if next.is_none_or(|next| next.time_s > at.time_s) {
            return Ok(true);
        }
        let call = epochCall {
            merchantId: self.identity.merchant_id,
            number,
        };
        let asked = self.provider.call(self.request(&call)).block(BlockId::hash(at.hash));
        let answer = match asked.await.map_err(|error| RpcError::call(ETH_CALL, error)) {
            Ok(answer) => answer,
            Err(RpcError::Refused { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let epoch = epochCall::abi_decode_returns(&answer).map_err(|error| not_abi(ETH_CALL, &error))?;
        Ok(!epoch.epochHash.is_zero())
    }
}

/// The error for an answer that is not of a view's form.
pub(super) fn not_abi(view: &'static str, error: &sol_types::Error) -> RpcError {
    RpcError::answer(view, error.to_string())
}

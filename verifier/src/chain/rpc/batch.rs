//! What the registry holds of many epochs, in few requests.

use alloy::providers::Provider;
use alloy::rpc::client::BatchRequest;
use alloy::sol_types::SolCall;
use alloy_primitives::Bytes;
use shelfproof_base::client::HttpError;
use shelfproof_contracts::ShelfproofRegistry::epochCall;

use super::{FinalBlock, Held, RpcError, RpcSource, state};

/// The most calls in one request, and what is tried in turn where a node refuses so many.
const SIZES: [usize; 3] = [100, 10, 1];
const EPOCH: &str = "epoch";

/// Asks for many epochs, with as many calls in one request as the node takes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Batches {
    /// The index in [`SIZES`] of what the node took last.
    refused: usize,
}

impl Batches {
    /// What the registry holds, as of `at`, of the first of those epochs: of one at least, and of no more than fit into
    /// one request.
    pub(super) async fn first_of(
        &mut self,
        source: &RpcSource,
        numbers: impl Iterator<Item = u64> + Clone,
        at: &FinalBlock,
    ) -> Result<Vec<Held>, RpcError> {
        let mut is_renewed = false;
        loop {
            let numbers: Vec<u64> = numbers.clone().take(SIZES[self.refused]).collect();
            if let [number] = numbers[..] {
                return Ok(vec![source.epoch(number, at).await?]);
            }
            match source.epochs(&numbers, at).await {
                Ok(held) => return Ok(held),
                Err(error @ RpcError::Http(HttpError::Later(_))) => return Err(error),
                // A node may have lost the state since. Nodes refuse batches in many ways: what is refused to single
                // calls as well is told by those.
                Err(_) if !is_renewed && source.renew_state().await? => is_renewed = true,
                Err(_) => self.refused += 1,
            }
        }
    }
}

impl RpcSource {
    /// What the registry holds of those epochs as of `at`, asked in one request.
    async fn epochs(&self, numbers: &[u64], at: &FinalBlock) -> Result<Vec<Held>, RpcError> {
        let state = self.state().await?;
        let mut batch = BatchRequest::new(self.provider.client());
        let mut waiters = Vec::with_capacity(numbers.len());
        for number in numbers {
            let call = epochCall {
                merchantId: self.identity.merchant_id,
                number: *number,
            };
            let params = (self.request(&call), state);
            let waiter = batch.add_call::<_, Bytes>(state::ETH_CALL, &params);
            waiters.push(waiter.map_err(|error| RpcError::call(EPOCH, error))?);
        }
        batch.await.map_err(|error| RpcError::call(EPOCH, error))?;
        let mut epochs = Vec::with_capacity(numbers.len());
        for (number, waiter) in numbers.iter().zip(waiters) {
            let answer = waiter.await.map_err(|error| RpcError::call(EPOCH, error))?;
            let epoch = epochCall::abi_decode_returns(&answer).map_err(|error| state::not_abi(EPOCH, &error))?;
            let held = (epoch.epochHash, u64::from(epoch.anchoredAt));
            epochs.push(self.if_final(*number, held, at).await?);
        }
        Ok(epochs)
    }
}

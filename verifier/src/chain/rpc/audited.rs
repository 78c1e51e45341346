//! What auditors said on the chain.

use alloy::eips::BlockId;
use alloy::providers::Provider;
use alloy::sol_types::SolCall;
use alloy_primitives::Address;
use shelfproof_contracts::ShelfproofRegistry::auditedCall;

use super::state::not_abi;
use super::{FinalBlock, RpcError, RpcSource};

const AUDITED: &str = "audited";

impl RpcSource {
    /// How far `auditor` said in the newest block that it has audited the merchant: the epoch, and when it said so, Unix
    /// seconds; zeros if it never did. It may not be final yet.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn newest_audited(&self, auditor: Address) -> Result<(u64, u64), RpcError> {
        let said = self.call(AUDITED, &self.audited_call(auditor)).await?;
        Ok((said.number, said.attestedAt))
    }

    /// As [`Self::newest_audited`], as of `at`. A word from before the final block's time is final. Of a later one, or of
    /// one of the same second, only the final block's own state tells; `None` if the node does not keep that.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn audited(&self, auditor: Address, at: &FinalBlock) -> Result<Option<(u64, u64)>, RpcError> {
        let newest = self.newest_audited(auditor).await?;
        if newest.1 < at.time_s {
            return Ok(Some(newest));
        }
        let request = self.request(&self.audited_call(auditor));
        let asked = self.provider.call(request).block(BlockId::hash(at.hash)).await;
        let answer = match asked.map_err(|error| RpcError::call(AUDITED, error)) {
            Ok(answer) => answer,
            Err(RpcError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let said = auditedCall::abi_decode_returns(&answer).map_err(|error| not_abi(AUDITED, &error))?;
        Ok(Some((said.number, said.attestedAt)))
    }

    const fn audited_call(&self, auditor: Address) -> auditedCall {
        auditedCall {
            merchantId: self.identity.merchant_id,
            auditor,
        }
    }
}

//! The addresses that `ReceiptSignerAdded` logs name as a merchant's receipt keys.

use std::collections::BTreeSet;

use alloy::providers::Provider;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use alloy_primitives::Address;
use shelfproof_contracts::ShelfproofRegistry::ReceiptSignerAdded;

use super::logs::GET_LOGS;
use super::range::Range;
use super::{FinalBlock, RpcError, RpcSource};

/// The most queries that one search makes.
const MAX_QUERIES: u32 = 4_096;

impl RpcSource {
    /// Every address that a log of `from_block` or after names as a receipt key, as of `at`. A node can leave logs out and
    /// make some up: only the registry says which of the addresses are keys. The search goes backwards, and calls
    /// `on_searched` with the first block of each piece.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn logged_receipt_signers(
        &self,
        from_block: u64,
        at: &FinalBlock,
        mut on_searched: impl FnMut(u64),
    ) -> Result<BTreeSet<Address>, RpcError> {
        let mut range = Range::new(from_block, at.number);
        let mut signers = BTreeSet::new();
        for _ in 0..MAX_QUERIES {
            let Some((from, to)) = range.newest() else {
                return Ok(signers);
            };
            match self.signers_in(from, to).await {
                Ok(found) => {
                    signers.extend(found);
                    range.answered();
                    on_searched(from);
                }
                Err(error) => range.shrink(error)?,
            }
        }
        Err(RpcError::SearchTooLong { queries: MAX_QUERIES })
    }

    async fn signers_in(&self, from: u64, to: u64) -> Result<Vec<Address>, RpcError> {
        let filter = Filter::new()
            .address(self.identity.registry)
            .event_signature(ReceiptSignerAdded::SIGNATURE_HASH)
            .topic1(self.identity.merchant_id)
            .from_block(from)
            .to_block(to);
        let logs = self
            .provider
            .get_logs(&filter)
            .await
            .map_err(|e| RpcError::call(GET_LOGS, e))?;
        Ok(logs
            .iter()
            .filter_map(|log| Some(ReceiptSignerAdded::decode_log(&log.inner).ok()?.signer))
            .collect())
    }
}

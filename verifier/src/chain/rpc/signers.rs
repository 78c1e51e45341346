//! All receipt keys of a merchant, found by their `ReceiptSignerAdded` logs.

use std::collections::BTreeSet;

use alloy::providers::Provider;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use alloy_primitives::Address;
use shelfproof_contracts::ShelfproofRegistry::ReceiptSignerAdded;

use super::logs::GET_LOGS;
use super::range::Range;
use super::{FinalBlock, RpcError, RpcSource};
use crate::chain::SignerSpan;

/// The most queries that one search makes.
const MAX_QUERIES: u32 = 4_096;

impl RpcSource {
    /// Every receipt key that was added in `from_block` or after, with its span as of `at`. Only logs name the keys: the
    /// search goes backwards, and calls `on_searched` with the first block of each piece.
    ///
    /// # Errors
    /// [`RpcError`]; [`RpcError::NoOldLogs`] if there is none, since a registration always adds one.
    pub async fn all_receipt_signers(
        &self,
        from_block: u64,
        at: &FinalBlock,
        mut on_searched: impl FnMut(u64),
    ) -> Result<Vec<SignerSpan>, RpcError> {
        let mut range = Range::new(from_block, at.number);
        let mut signers = BTreeSet::new();
        for _ in 0..MAX_QUERIES {
            let Some((from, to)) = range.newest() else {
                let mut spans = Vec::new();
                for signer in signers {
                    spans.extend(self.receipt_signer(signer, at).await?);
                }
                return if spans.is_empty() {
                    Err(RpcError::NoOldLogs)
                } else {
                    Ok(spans)
                };
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
        // Only the address is used, and its span is read from the registry: a made-up log adds no key.
        Ok(logs
            .iter()
            .filter_map(|log| Some(ReceiptSignerAdded::decode_log(&log.inner).ok()?.signer))
            .collect())
    }
}

//! What an owner changes in the registry later: who anchors, who signs receipts, where the data is.

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256};
use shelfproof_contracts::ShelfproofRegistry::{
    addReceiptSignerCall, endReceiptSignerCall, setAnchorerCall, setDataUriCall,
};

use super::{Change, Owner, OwnerError};
use crate::store::intents::Purpose;

/// How long a receipt key goes on counting at least once its end is set, seconds: the registry's least notice of an
/// hour, and room for the block that takes it.
pub const END_NOTICE_S: u64 = 3_600 + 600;

/// When a receipt key ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Unix seconds.
    pub until_s: u64,
    pub change: Change,
}

impl Owner {
    /// Makes `anchorer` the account that anchors epochs.
    ///
    /// # Errors
    /// If the account does not own the merchant, the node refuses, or the account cannot pay.
    pub async fn set_anchorer(
        &mut self,
        registry: Address,
        merchant_id: B256,
        anchorer: Address,
    ) -> Result<Change, OwnerError> {
        let contract = self.owned(registry, merchant_id).await?;
        let call = setAnchorerCall {
            merchantId: merchant_id,
            anchorer,
        };
        let call = self.call(registry, call.abi_encode());
        if contract.anchorer(merchant_id).call().await? == anchorer {
            return Ok(self.found(&call));
        }
        self.change(Purpose::SetAnchorer, call).await
    }

    /// Lets receipts of `signer` count from the block that takes this.
    ///
    /// # Errors
    /// As [`Self::set_anchorer`].
    pub async fn add_receipt_signer(
        &mut self,
        registry: Address,
        merchant_id: B256,
        signer: Address,
    ) -> Result<Change, OwnerError> {
        let contract = self.owned(registry, merchant_id).await?;
        let call = addReceiptSignerCall {
            merchantId: merchant_id,
            signer,
        };
        let call = self.call(registry, call.abi_encode());
        if contract.receiptSigner(merchant_id, signer).call().await?.from != 0 {
            return Ok(self.found(&call));
        }
        self.change(Purpose::AddReceiptSigner, call).await
    }

    /// Lets receipts of `signer` count for sales of the next [`END_NOTICE_S`] seconds, and then no more. An end
    /// that is set is left as it is.
    ///
    /// # Errors
    /// As [`Self::set_anchorer`], and if the registry never knew that key.
    pub async fn end_receipt_signer(
        &mut self,
        registry: Address,
        merchant_id: B256,
        signer: Address,
    ) -> Result<Ended, OwnerError> {
        let contract = self.owned(registry, merchant_id).await?;
        let span = contract.receiptSigner(merchant_id, signer).call().await?;
        if span.from == 0 {
            return Err(OwnerError::UnknownSigner(signer));
        }
        let call = |until_s| endReceiptSignerCall {
            merchantId: merchant_id,
            signer,
            until: until_s,
        };
        if span.until != 0 {
            let call = self.call(registry, call(span.until).abi_encode());
            return Ok(Ended {
                until_s: span.until,
                change: self.found(&call),
            });
        }
        let until_s = self.newest_time_s().await? + END_NOTICE_S;
        let call = self.call(registry, call(until_s).abi_encode());
        Ok(Ended {
            until_s,
            change: self.change(Purpose::EndReceiptSigner, call).await?,
        })
    }

    /// Publishes where the epochs' data is from now on.
    ///
    /// # Errors
    /// As [`Self::set_anchorer`].
    pub async fn set_data_uri(
        &mut self,
        registry: Address,
        merchant_id: B256,
        uri: &str,
    ) -> Result<Change, OwnerError> {
        let contract = self.owned(registry, merchant_id).await?;
        let call = setDataUriCall {
            merchantId: merchant_id,
            dataUri: uri.to_owned(),
        };
        let call = self.call(registry, call.abi_encode());
        if contract.dataUri(merchant_id).call().await? == uri {
            return Ok(self.found(&call));
        }
        self.change(Purpose::SetDataUri, call).await
    }
}

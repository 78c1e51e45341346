//! What an owner changes in the registry later: who anchors, who signs receipts, where the data is.
//!
//! Each asks the chain first, so that a second run, or one after a crash at any line, finds what the first did.

use alloy_primitives::{Address, B256};

use crate::register::{Account, Outcome, RegisterError};

/// How long a receipt key goes on counting at least once its end is set: the registry's least notice of an hour, and room for the
/// block that takes it.
pub const END_NOTICE_S: u64 = 3_600 + 600;

/// When a receipt key ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its end, Unix seconds.
    pub until_s: u64,
    /// What was done.
    pub outcome: Outcome,
}

impl Account {
    /// Epochs come from `anchorer` from now on, once that is final.
    ///
    /// # Errors
    /// Where the account does not own the merchant, the node refuses, or the account cannot pay.
    pub async fn set_anchorer(
        &self,
        registry: Address,
        merchant_id: B256,
        anchorer: Address,
    ) -> Result<Outcome, RegisterError> {
        let contract = self.owned(registry, merchant_id).await?;
        if contract.anchorer(merchant_id).call().await? == anchorer {
            return Ok(Outcome::Found);
        }
        self.change(contract.setAnchorer(merchant_id, anchorer).from(self.address()))
            .await
    }

    /// Receipts of `signer` count from the block that takes this.
    ///
    /// # Errors
    /// As [`Self::set_anchorer`].
    pub async fn add_receipt_signer(
        &self,
        registry: Address,
        merchant_id: B256,
        signer: Address,
    ) -> Result<Outcome, RegisterError> {
        let contract = self.owned(registry, merchant_id).await?;
        if contract.receiptSigner(merchant_id, signer).call().await?.from != 0 {
            return Ok(Outcome::Found);
        }
        self.change(contract.addReceiptSigner(merchant_id, signer).from(self.address()))
            .await
    }

    /// Receipts of `signer` count for sales of the next [`END_NOTICE_S`] seconds, and then no more. An end is set once.
    ///
    /// # Errors
    /// As [`Self::set_anchorer`], and where the registry never knew that key.
    pub async fn end_receipt_signer(
        &self,
        registry: Address,
        merchant_id: B256,
        signer: Address,
    ) -> Result<Ended, RegisterError> {
        let contract = self.owned(registry, merchant_id).await?;
        let span = contract.receiptSigner(merchant_id, signer).call().await?;
        if span.from == 0 {
            return Err(RegisterError::UnknownSigner(signer));
        }
        if span.until != 0 {
            return Ok(Ended {
                until_s: span.until,
                outcome: Outcome::Found,
            });
        }
        let until_s = self.newest_time_s().await? + END_NOTICE_S;
        let call = contract
            .endReceiptSigner(merchant_id, signer, until_s)
            .from(self.address());
        Ok(Ended {
            until_s,
            outcome: self.change(call).await?,
        })
    }

    /// Epoch data is published at `uri` from now on.
    ///
    /// # Errors
    /// As [`Self::set_anchorer`].
    pub async fn set_data_uri(
        &self,
        registry: Address,
        merchant_id: B256,
        uri: &str,
    ) -> Result<Outcome, RegisterError> {
        let contract = self.owned(registry, merchant_id).await?;
        if contract.dataUri(merchant_id).call().await? == uri {
            return Ok(Outcome::Found);
        }
        self.change(contract.setDataUri(merchant_id, uri.to_owned()).from(self.address()))
            .await
    }
}

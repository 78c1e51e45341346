//! Who stands behind a merchant, as the registry says: its owner, the contract that judges breaches, its successor, and
//! what else the owner registered.

use std::collections::BTreeSet;

use alloy::providers::Provider;
use alloy::rpc::types::Filter;
use alloy::sol_types::SolEvent;
use alloy_primitives::{Address, B256};
use shelfproof_contracts::ShelfproofRegistry::{
    MerchantRegistered, disputesCall, offeredOwnerCall, ownerCall, retiredCall, successorCall,
};

use super::range::Range;
use super::{FinalBlock, RpcError, RpcSource};

/// The most queries for the registrations of an owner, which nothing depends on.
const MAX_QUERIES: u32 = 64;
/// The most registrations of an owner that are looked up. Anybody can register as often as they pay for.
const MAX_OTHERS: usize = 20;

/// Who stands behind a merchant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Who may change the merchant's settings.
    pub owner: Address,
    /// Who may take the ownership over, if it is offered.
    pub offered_owner: Option<Address>,
    /// The contract that judges proofs of breach and pays from bonds, if the registry has one.
    pub disputes: Option<Address>,
    /// Whether and for whom the merchant has ended its log.
    pub retired: Option<Retired>,
}

/// A merchant that has ended its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retired {
    /// The merchant that its owner named in its place, if any. That is the owner's word and no more.
    pub successor: Option<B256>,
}

impl RpcSource {
    /// Who stands behind the merchant, as of the newest block.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn registration(&self) -> Result<Registration, RpcError> {
        let id = self.identity.merchant_id;
        let owner = ownerCall { merchantId: id };
        let offered = offeredOwnerCall { merchantId: id };
        Ok(Registration {
            owner: self.call("owner", &owner).await?,
            offered_owner: some(self.call("offeredOwner", &offered).await?),
            disputes: some(self.call("disputes", &disputesCall {}).await?),
            retired: self.retired().await?,
        })
    }

    /// Whether and for whom the merchant has ended its log, as of the newest block.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn retired(&self) -> Result<Option<Retired>, RpcError> {
        let id = self.identity.merchant_id;
        if !self.call("retired", &retiredCall { merchantId: id }).await? {
            return Ok(None);
        }
        let successor = self.call("successor", &successorCall { merchantId: id }).await?;
        Ok(Some(Retired {
            successor: Some(successor).filter(|successor| *successor != B256::ZERO),
        }))
    }

    /// The other merchants that `owner` registered and still owns, by the node's logs, up to a bound. `None` if the logs
    /// that the node shows lack this merchant's own registration, so that they may lack others too.
    ///
    /// # Errors
    /// [`RpcError`].
    pub async fn other_registrations(&self, owner: Address, at: &FinalBlock) -> Result<Option<Vec<B256>>, RpcError> {
        let mut range = Range::new(0, at.number);
        let mut found = BTreeSet::new();
        for _ in 0..MAX_QUERIES {
            let Some((from, to)) = range.newest() else {
                return self.still_owned(owner, found).await;
            };
            match self.registrations_in(owner, from, to).await {
                Ok(more) => {
                    found.extend(more);
                    range.answered();
                }
                Err(error) => range.shrink(error)?,
            }
        }
        Err(RpcError::SearchTooLong { queries: MAX_QUERIES })
    }

    async fn registrations_in(&self, owner: Address, from: u64, to: u64) -> Result<Vec<B256>, RpcError> {
        let filter = Filter::new()
            .address(self.identity.registry)
            .event_signature(MerchantRegistered::SIGNATURE_HASH)
            .topic2(owner.into_word())
            .from_block(from)
            .to_block(to);
        let logs = self.provider.get_logs(&filter).await;
        let logs = logs.map_err(|e| RpcError::call("eth_getLogs", e))?;
        let id = |log: &alloy::rpc::types::Log| Some(MerchantRegistered::decode_log(&log.inner).ok()?.merchantId);
        Ok(logs.iter().filter_map(id).collect())
    }

    /// Only the ids of logs are used, and the registry says who owns them: a made-up log adds no merchant.
    async fn still_owned(&self, owner: Address, mut found: BTreeSet<B256>) -> Result<Option<Vec<B256>>, RpcError> {
        if !found.remove(&self.identity.merchant_id) {
            return Ok(None);
        }
        let mut owned = Vec::new();
        for id in found.into_iter().take(MAX_OTHERS) {
            if self.call("owner", &ownerCall { merchantId: id }).await? == owner {
                owned.push(id);
            }
        }
        Ok(Some(owned))
    }
}

fn some(address: Address) -> Option<Address> {
    Some(address).filter(|address| *address != Address::ZERO)
}

//! A merchant's registration.

use std::time::{Duration, Instant};

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256};
use shelfproof_contracts::ShelfproofRegistry::registerCall;
use shelfproof_verifier::chain::rpc::{Finality, RpcError, RpcSource};
use shelfproof_verifier::epoch;

use super::{Change, Owner, OwnerError, POLL};
use crate::store::intents::Purpose;

/// How long a block may take to become final; Ethereum's take some thirteen minutes.
const FINAL_BOUND: Duration = Duration::from_mins(30);

/// How long a node may refuse to read its final block: one that has just started may not have that state yet.
const REFUSAL_BOUND: Duration = Duration::from_secs(30);

/// What a merchant is registered with.
#[derive(Clone, Debug)]
pub struct Registration {
    pub registry: Address,
    /// Tells apart several merchants of one owner.
    pub salt: B256,
    /// The merchant's VRF key, which never changes.
    pub vrf_public_key: B256,
    /// The address that anchors epochs.
    pub anchorer: Address,
    /// The first address whose receipts count.
    pub receipt_signer: Address,
    /// Where epoch data will be published.
    pub data_uri: String,
}

impl Owner {
    /// The id of this account's merchant of that salt.
    #[must_use]
    pub fn merchant_id(&self, registry: &Address, salt: &B256) -> B256 {
        epoch::merchant_id(self.chain_id(), registry, &self.address(), salt)
    }

    /// Registers the account as the owner of a merchant, unless that was done, and waits until it is final.
    ///
    /// # Errors
    /// If the node refuses, the account cannot pay, or the merchant is registered with another VRF key.
    pub async fn register(
        &mut self,
        registration: &Registration,
        finality: Finality,
    ) -> Result<(B256, Change), OwnerError> {
        let registry = self.registry(registration.registry).await?;
        let merchant_id = self.merchant_id(&registration.registry, &registration.salt);
        let call = registerCall {
            salt: registration.salt,
            vrfPublicKey: registration.vrf_public_key,
            anchorer: registration.anchorer,
            receiptSigner: registration.receipt_signer,
            dataUri: registration.data_uri.clone(),
        };
        let call = self.call(registration.registry, call.abi_encode());
        let known = registry.vrfPublicKey(merchant_id).call().await?;
        let change = match known {
            B256::ZERO => self.change(Purpose::Register, call).await?,
            key if key == registration.vrf_public_key => self.found(&call),
            _ => return Err(OwnerError::OtherKey { merchant_id }),
        };
        self.await_final(registration.registry, merchant_id, finality).await?;
        Ok((merchant_id, change))
    }

    async fn await_final(&self, registry: Address, merchant_id: B256, finality: Finality) -> Result<(), OwnerError> {
        let source = RpcSource::connect(&self.url, Some(self.chain_id()), registry, merchant_id, finality).await?;
        let start = Instant::now();
        let look = async || {
            let at = source.final_block().await?;
            source.vrf_public_key().await?;
            // The state that has it is of a block up to this one.
            Ok::<_, RpcError>((at.number, source.newest_block().await?.number))
        };
        let wait = async {
            let mut seen_in = None;
            loop {
                match look().await {
                    Ok((at, newest)) if *seen_in.get_or_insert(newest) <= at => return Ok(()),
                    Ok(_) => {}
                    Err(RpcError::Refused { .. }) if start.elapsed() < REFUSAL_BOUND => {}
                    Err(RpcError::NoContract | RpcError::NotRegistered | RpcError::NoFinalBlock) => seen_in = None,
                    Err(error) => return Err(error.into()),
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(FINAL_BOUND, wait)
            .await
            .map_err(|_| OwnerError::NotFinal(merchant_id))?
    }
}

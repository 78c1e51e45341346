//! A merchant's place on the chain: the registry deployed where there is none, the merchant registered in it.

use std::time::{Duration, Instant};

use alloy::sol_types::{SolCall, SolConstructor};
use alloy_primitives::{Address, B256};
use shelfproof_contracts::ShelfproofRegistry::{self, constructorCall, registerCall};
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

    /// Deploys the registry, or finds the one that this account deployed: as its first transaction, or with any
    /// transaction that the log knows.
    ///
    /// # Errors
    /// If the node refuses, or the account cannot pay.
    pub async fn deploy(&mut self) -> Result<(Address, Change), OwnerError> {
        let arguments = constructorCall {
            disputes: Address::ZERO,
        };
        let code = [ShelfproofRegistry::BYTECODE.as_ref(), &arguments.abi_encode()].concat();
        let call = self.sender.call(None, code);
        let mut nonces = self.sender.log().nonces(Purpose::Deploy, &call).await?;
        nonces.push(0);
        for nonce in nonces {
            let address = self.address().create(nonce);
            let registry = ShelfproofRegistry::new(address, self.source.provider());
            // A contract that answers this like an unknown merchant's is taken for the registry.
            if self.has_code(address).await? && registry.latestEpoch(B256::ZERO).call().await.is_ok() {
                return Ok((address, self.found(&call)));
            }
        }
        let mut intent = self.intent(Purpose::Deploy, call).await?;
        let (hash, _) = self.await_block(&mut intent).await?;
        let nonce = intent.nonce.ok_or(OwnerError::Reverted(hash))?;
        Ok((self.address().create(nonce), Change::Done(hash)))
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
        let wait = async {
            loop {
                let seen = match source.final_block().await {
                    Ok(at) => source.vrf_public_key(&at).await,
                    Err(error) => Err(error),
                };
                match seen {
                    Ok(_) => return Ok(()),
                    Err(RpcError::Refused { .. }) if start.elapsed() < REFUSAL_BOUND => {}
                    Err(RpcError::NoContract | RpcError::NotRegistered | RpcError::NoFinalBlock) => {}
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

//! A merchant's place on the chain: the registry deployed where there is none, the merchant registered in it.
//!
//! Both ask the chain first, so that a second run, or one after a crash at any line, finds what the first did.

use std::fmt;
use std::time::{Duration, Instant};

use alloy::contract::{CallBuilder, CallDecoder, Error as ContractError};
use alloy::eips::BlockNumberOrTag;
use alloy::providers::{DynProvider, PendingTransactionError, Provider, ProviderBuilder};
use alloy::rpc::types::TransactionReceipt;
use alloy::signers::local::PrivateKeySigner;
use alloy::transports::http::reqwest;
use alloy_primitives::{Address, B256, U256};
use shelfproof_contracts::ShelfproofRegistry::{self, ShelfproofRegistryInstance};
use shelfproof_verifier::chain::rpc::{Finality, RpcError, RpcSource};
use shelfproof_verifier::epoch;

mod error;

pub use error::RegisterError;

/// How long one call may take.
const CALL_BOUND: Duration = Duration::from_secs(30);

/// How long a transaction may wait for its block.
const RECEIPT_BOUND: Duration = Duration::from_mins(5);

/// How long a block may take to become final; Ethereum's take some thirteen minutes.
const FINAL_BOUND: Duration = Duration::from_mins(30);

/// How long a node may refuse to look at its final block: one that has just started may not have that state yet.
const REFUSAL_BOUND: Duration = Duration::from_secs(30);

/// How often the node is asked.
const POLL: Duration = Duration::from_millis(500);

/// What one account can do on one chain.
pub struct Account {
    provider: DynProvider,
    url: String,
    chain_id: u64,
    address: Address,
}

/// What a merchant is registered with.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The registry.
    pub registry: Address,
    /// Tells apart several merchants of one owner.
    pub salt: B256,
    /// The VRF key of the shelf, which never changes.
    pub vrf_public_key: B256,
    /// The address that anchors epochs.
    pub anchorer: Address,
    /// The first address whose receipts count.
    pub receipt_signer: Address,
    /// Where epoch data will be published.
    pub data_uri: String,
}

/// What a run found or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was there already.
    Found,
    /// This transaction did it.
    Done(B256),
}

impl Account {
    /// Connects to the node at `url` with the key that signs. `chain_id` is the chain that is meant.
    ///
    /// # Errors
    /// Where the node does not answer, or serves another chain.
    pub async fn connect(url: &str, chain_id: Option<u64>, signer: PrivateKeySigner) -> Result<Self, RegisterError> {
        // That somebody chose the same cryptography before is no error.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let parsed = url.parse().map_err(|_| RegisterError::NoAddress)?;
        let client = reqwest::Client::builder().timeout(CALL_BOUND).build();
        let address = signer.address();
        let provider = ProviderBuilder::new()
            .wallet(signer)
            .connect_reqwest(client.map_err(|_| RegisterError::NoAddress)?, parsed)
            .erased();
        provider.client().set_poll_interval(POLL);
        let found = provider.get_chain_id().await?;
        if let Some(told) = chain_id.filter(|told| *told != found) {
            return Err(RegisterError::WrongChain { told, found });
        }
        Ok(Self {
            provider,
            url: url.to_owned(),
            chain_id: found,
            address,
        })
    }

    /// The chain's EIP-155 id.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The account's address.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// The id of this account's merchant of that salt.
    #[must_use]
    pub fn merchant_id(&self, registry: &Address, salt: &B256) -> B256 {
        epoch::merchant_id(self.chain_id, registry, &self.address, salt)
    }

    /// Deploys the registry as the account's first transaction; where that was done, says where it is. An account that
    /// did something else first deploys a further one.
    ///
    /// # Errors
    /// Where the node refuses, or the account cannot pay.
    pub async fn deploy(&self) -> Result<(Address, Outcome), RegisterError> {
        let first = self.address.create(0);
        let registry = ShelfproofRegistry::new(first, &self.provider);
        // A contract that answers this as an unknown merchant's is taken for the registry.
        if self.has_code(first).await? && registry.latestEpoch(B256::ZERO).call().await.is_ok() {
            return Ok((first, Outcome::Found));
        }
        let call = ShelfproofRegistry::deploy_builder(&self.provider, Address::ZERO).from(self.address);
        self.check_funds(call.estimate_gas().await?).await?;
        let receipt = self.settle(call.send().await?).await?;
        let address = receipt
            .contract_address
            .ok_or(RegisterError::Reverted(receipt.transaction_hash))?;
        Ok((address, Outcome::Done(receipt.transaction_hash)))
    }

    /// Registers the account as the owner of a merchant, and waits until the registration is final; where that was
    /// done, says so.
    ///
    /// # Errors
    /// Where the node refuses, the account cannot pay, or the merchant is registered with another VRF key.
    pub async fn register(
        &self,
        registration: &Registration,
        finality: Finality,
    ) -> Result<(B256, Outcome), RegisterError> {
        let registry = ShelfproofRegistry::new(registration.registry, &self.provider);
        if !self.has_code(registration.registry).await? {
            return Err(RegisterError::NoRegistry(registration.registry));
        }
        let merchant_id = self.merchant_id(&registration.registry, &registration.salt);
        let known = registry.vrfPublicKey(merchant_id).call().await?;
        let outcome = match known {
            B256::ZERO => {
                let call = registry
                    .register(
                        registration.salt,
                        registration.vrf_public_key,
                        registration.anchorer,
                        registration.receipt_signer,
                        registration.data_uri.clone(),
                    )
                    .from(self.address);
                self.change(call).await?
            }
            key if key == registration.vrf_public_key => Outcome::Found,
            _ => return Err(RegisterError::OtherKey { merchant_id }),
        };
        self.wait_until_final(registration.registry, merchant_id, finality)
            .await?;
        Ok((merchant_id, outcome))
    }

    /// The registry, of whose merchant this account is the owner.
    pub(crate) async fn owned(
        &self,
        registry: Address,
        merchant_id: B256,
    ) -> Result<ShelfproofRegistryInstance<&DynProvider>, RegisterError> {
        if !self.has_code(registry).await? {
            return Err(RegisterError::NoRegistry(registry));
        }
        let contract = ShelfproofRegistry::new(registry, &self.provider);
        match contract.owner(merchant_id).call().await? {
            owner if owner == self.address => Ok(contract),
            Address::ZERO => Err(RegisterError::NotRegistered(merchant_id)),
            owner => Err(RegisterError::NotOwner {
                owner,
                address: self.address,
            }),
        }
    }

    /// Sends a call that the account can pay for, and waits for its block.
    pub(crate) async fn change<D: CallDecoder>(
        &self,
        call: CallBuilder<&&DynProvider, D>,
    ) -> Result<Outcome, RegisterError> {
        self.check_funds(call.estimate_gas().await?).await?;
        Ok(Outcome::Done(self.settle(call.send().await?).await?.transaction_hash))
    }

    /// Time of the newest block, Unix seconds.
    pub(crate) async fn newest_time_s(&self) -> Result<u64, RegisterError> {
        let block = self.provider.get_block_by_number(BlockNumberOrTag::Latest).await?;
        block
            .map(|block| block.header.timestamp)
            .ok_or_else(|| RegisterError::Node("the node shows no newest block".to_owned()))
    }

    async fn has_code(&self, address: Address) -> Result<bool, RegisterError> {
        Ok(!self.provider.get_code_at(address).await?.is_empty())
    }

    /// Whether the account can pay for that much gas at the highest price that the transaction will offer.
    async fn check_funds(&self, gas: u64) -> Result<(), RegisterError> {
        let price = self.provider.estimate_eip1559_fees().await?.max_fee_per_gas;
        let needed = U256::from(gas).saturating_mul(U256::from(price));
        let balance = self.provider.get_balance(self.address).await?;
        if balance >= needed {
            return Ok(());
        }
        Err(RegisterError::NoFunds {
            address: self.address,
            balance,
            needed,
        })
    }

    /// The receipt of a transaction that was sent. A crash from here on leaves it on its way; the next run finds it.
    async fn settle(
        &self,
        sent: alloy::providers::PendingTransactionBuilder<alloy::network::Ethereum>,
    ) -> Result<TransactionReceipt, RegisterError> {
        let hash = *sent.tx_hash();
        let receipt = sent
            .with_timeout(Some(RECEIPT_BOUND))
            .get_receipt()
            .await
            .map_err(|error| match error {
                PendingTransactionError::TransportError(error) => error.into(),
                _ => RegisterError::Slow(hash),
            })?;
        if receipt.status() {
            Ok(receipt)
        } else {
            Err(RegisterError::Reverted(hash))
        }
    }

    async fn wait_until_final(
        &self,
        registry: Address,
        merchant_id: B256,
        finality: Finality,
    ) -> Result<(), RegisterError> {
        let source = RpcSource::connect(&self.url, Some(self.chain_id), registry, merchant_id, finality).await?;
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
            .map_err(|_| RegisterError::NotFinal(merchant_id))?
    }
}

/// Without the node's address, which may hold a key.
impl fmt::Debug for Account {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut account = out.debug_struct("Account");
        account
            .field("chain_id", &self.chain_id)
            .field("address", &self.address);
        account.finish_non_exhaustive()
    }
}

impl From<ContractError> for RegisterError {
    fn from(error: ContractError) -> Self {
        match error {
            ContractError::TransportError(error) => error.into(),
            ContractError::ZeroData(..) => Self::NotTheRegistry,
            other => Self::Refused(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_debug_shows_the_node_s_address() {
        let url = "http://127.0.0.1:1/v2/geheim";
        let _ = rustls::crypto::ring::default_provider().install_default();
        let account = Account {
            provider: ProviderBuilder::new().connect_http(url.parse().unwrap()).erased(),
            url: url.to_owned(),
            chain_id: 31337,
            address: Address::ZERO,
        };
        let shown = format!("{account:?}");
        assert!(shown.contains("31337") && !shown.contains("geheim"), "{shown}");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let refused = runtime
            .block_on(Account::connect(
                url,
                None,
                PrivateKeySigner::from_bytes(&B256::repeat_byte(1)).unwrap(),
            ))
            .unwrap_err();
        let shown = format!("{refused:?} {refused}");
        assert!(
            shown.contains("does not answer") && !shown.contains("geheim"),
            "{shown}"
        );
    }
}

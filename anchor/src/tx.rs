//! The registry as the anchor sees and writes it: one account's transactions, each signed once, stored, and then sent as often as
//! it takes.

use alloy::eips::eip2718::Encodable2718;
use alloy::network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, U256};
use shelfproof_contracts::ShelfproofRegistry::ShelfproofRegistryInstance;
use shelfproof_verifier::chain::rpc::RpcSource;
use shelfproof_verifier::chain::{ChainView, Needs, RootSource};
use shelfproof_verifier::epoch::Header;

mod error;
pub mod fee;

pub use error::TxError;

use crate::store::transactions::Signed;
use fee::Offer;

/// What sending came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The node has it, now or from before.
    Held,
    /// The node says that the account's nonce has moved on.
    NonceUsed,
}

/// One merchant's anchorer on its chain.
#[derive(Debug)]
pub struct Sender {
    source: RpcSource,
    wallet: EthereumWallet,
    address: Address,
    max_fee_gwei: Option<u64>,
}

impl Sender {
    /// The account of `signer`, which offers at most `max_fee_gwei` for a unit of gas.
    #[must_use]
    pub fn new(source: RpcSource, signer: PrivateKeySigner, max_fee_gwei: Option<u64>) -> Self {
        let address = signer.address();
        Self {
            source,
            wallet: EthereumWallet::from(signer),
            address,
            max_fee_gwei,
        }
    }

    /// The account's address.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// What final blocks say of those epochs.
    ///
    /// # Errors
    /// Where the node cannot be read.
    pub async fn view(&self, epochs: impl IntoIterator<Item = u64> + Send) -> Result<ChainView, TxError> {
        let needs = Needs {
            epochs: epochs.into_iter().collect(),
            ..Needs::default()
        };
        Ok(self.source.view(&needs).await?)
    }

    /// The newest final block's hash.
    ///
    /// # Errors
    /// Where the node cannot be read.
    pub async fn final_block(&self) -> Result<B256, TxError> {
        Ok(self.source.final_block().await?.hash)
    }

    /// Number and hash of the latest epoch in the newest block, final or not; number 0 is none.
    ///
    /// # Errors
    /// Where the node cannot be read.
    pub async fn newest(&self) -> Result<(u64, B256), TxError> {
        Ok(self.source.newest_epoch().await?)
    }

    /// Signs the transaction that anchors an epoch, after the node has tried it out. Nothing is sent.
    ///
    /// # Errors
    /// Where the registry would refuse it, or the account cannot pay.
    pub async fn sign(&self, header: &Header, attempt: u32, now_ms: u64) -> Result<Signed, TxError> {
        let identity = self.source.identity();
        let registry = self.registry();
        let call = registry
            .anchor(
                identity.merchant_id,
                header.number,
                header.parent,
                header.events_root,
                header.history_root,
                header.event_count,
                header.data_hash,
            )
            .from(self.address);
        let gas = call
            .estimate_gas()
            .await
            .map_err(|error| TxError::contract(error, self.address))?;
        let provider = self.source.provider();
        let offer = Offer::new(gas, provider.estimate_eip1559_fees().await?, self.max_fee_gwei);
        let balance = provider.get_balance(self.address).await?;
        let needed = U256::from(offer.cost_wei());
        if balance < needed {
            return Err(TxError::NoFunds {
                address: self.address,
                balance,
                needed: Some(needed),
            });
        }
        // Not after what is pending: were that dropped, nothing of this account's would ever be taken again. If it is taken instead,
        // this one is spent, and another follows.
        let nonce = provider.get_transaction_count(self.address).latest().await?;
        let request = TransactionRequest::default()
            .with_chain_id(identity.chain_id)
            .with_from(self.address)
            .with_to(identity.registry)
            .with_input(call.calldata().clone())
            .with_nonce(nonce)
            .with_gas_limit(offer.gas)
            .with_max_fee_per_gas(offer.max_fee_wei)
            .with_max_priority_fee_per_gas(offer.priority_fee_wei);
        let envelope = request
            .build(&self.wallet)
            .await
            .map_err(|error| TxError::Unsigned(error.to_string()))?;
        Ok(Signed {
            attempt,
            sender: self.address,
            nonce,
            hash: *envelope.tx_hash(),
            raw: envelope.encoded_2718().into(),
            signed_at_ms: now_ms,
        })
    }

    /// Sends a signed transaction. Sent twice, it is still one.
    ///
    /// # Errors
    /// Where the node does not take it.
    pub async fn send(&self, signed: &Signed) -> Result<Sent, TxError> {
        let answer = self.source.provider().send_raw_transaction(&signed.raw).await;
        match answer.map(drop).map_err(TxError::from) {
            Ok(()) => Ok(Sent::Held),
            Err(TxError::Refused(message)) if is_known(&message) => Ok(Sent::Held),
            Err(TxError::Refused(message)) if message.to_lowercase().contains("nonce too low") => Ok(Sent::NonceUsed),
            Err(TxError::Refused(message)) if message.to_lowercase().contains("insufficient funds") => {
                Err(TxError::NoFunds {
                    address: self.address,
                    balance: self.source.provider().get_balance(self.address).await?,
                    needed: None,
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a transaction that was signed before can never bring its epoch any more: a block took it and it failed, or another
    /// one of the account took its place.
    ///
    /// # Errors
    /// Where the node cannot be read.
    pub async fn is_spent(&self, signed: &Signed) -> Result<bool, TxError> {
        let provider = self.source.provider();
        // The count first: a transaction that a block takes between the two reads has its receipt at the second.
        let next_nonce = provider.get_transaction_count(signed.sender).latest().await?;
        let receipt = provider.get_transaction_receipt(signed.hash).await?;
        Ok(receipt.map_or(next_nonce > signed.nonce, |receipt| !receipt.status()))
    }

    fn registry(&self) -> ShelfproofRegistryInstance<&alloy::providers::RootProvider> {
        ShelfproofRegistryInstance::new(self.source.identity().registry, self.source.provider())
    }
}

/// Whether a node says that it has this transaction already; nodes say it in several ways.
fn is_known(message: &str) -> bool {
    let message = message.to_lowercase();
    [
        "already known",
        "known transaction",
        "already imported",
        "already exists",
    ]
    .iter()
    .any(|known| message.contains(known))
}

//! One account on one chain: it signs, sends, and looks up what became of what it sent.

use std::fmt;

use alloy::contract::Error as ContractError;
use alloy::eips::eip2718::Encodable2718;
use alloy::network::{EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::primitives::TxKind;
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, U256};
use shelfproof_verifier::chain::rpc::RpcSource;

use super::TxError;
use super::fee::Offer;
use crate::store::intents::{BlockAt, Intent, NewIntent, Variant};

/// An account that a node sends for.
pub struct Account {
    provider: RootProvider,
    chain_id: u64,
    wallet: EthereumWallet,
    address: Address,
}

/// A node's answer to a transaction that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// The node has it, now or from before.
    Held,
    /// The account's nonce has moved on.
    NonceUsed,
}

/// What became of an intent's variants, as of the newest block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// No block holds one, and one can still be taken.
    Pending,
    /// A block holds this one, and its call succeeded.
    Included { hash: B256, block: BlockAt },
    /// A block holds this one, and its call failed.
    Reverted(B256),
    /// Another transaction of the account has their nonce.
    NonceTaken,
}

impl Account {
    /// The account of `signer` on the chain that `source` reads.
    #[must_use]
    pub fn new(source: &RpcSource, signer: PrivateKeySigner) -> Self {
        Self {
            provider: source.provider().clone(),
            chain_id: source.identity().chain_id,
            address: signer.address(),
            wallet: EthereumWallet::from(signer),
        }
    }

    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Signs the first variant of an intent, with the account's next nonce, after the node has tried the call. Sends
    /// nothing.
    ///
    /// # Errors
    /// If the contract would refuse the call, or the account cannot pay for it.
    pub(super) async fn sign(&self, intent: &Intent, now_ms: u64) -> Result<(u64, Variant), TxError> {
        let NewIntent { call, max_fee_wei, .. } = &intent.content;
        let request = TransactionRequest::default()
            .with_chain_id(call.chain_id)
            .with_from(self.address)
            .with_kind(call.target.map_or(TxKind::Create, TxKind::Call))
            .with_input(call.data.clone());
        let gas = self.provider.estimate_gas(request.clone()).await;
        let gas = gas.map_err(|error| TxError::contract(ContractError::TransportError(error), self.address))?;
        let offer = Offer::new(gas, self.provider.estimate_eip1559_fees().await?, *max_fee_wei);
        let balance = self.provider.get_balance(self.address).await?;
        let needed = U256::from(offer.cost_wei());
        if balance < needed {
            return Err(TxError::NoFunds {
                address: self.address,
                balance,
                needed: Some(needed),
            });
        }
        // Not after what is pending: were that dropped, nothing of this account would ever be taken again. If it is
        // taken instead, this nonce is used, and another intent follows.
        let nonce = self.provider.get_transaction_count(self.address).latest().await?;
        // Another intent may have had the same call, nonce and fees, on a chain that lost blocks: it must not have the
        // same hash.
        let gas_limit = offer.gas + intent.id % 256;
        let request = request
            .with_nonce(nonce)
            .with_gas_limit(gas_limit)
            .with_max_fee_per_gas(offer.max_fee_wei.into())
            .with_max_priority_fee_per_gas(offer.priority_fee_wei.into());
        let envelope = request
            .build(&self.wallet)
            .await
            .map_err(|error| TxError::Unsigned(error.to_string()))?;
        let variant = Variant {
            number: 1,
            gas_limit,
            max_fee_wei: offer.max_fee_wei,
            priority_fee_wei: offer.priority_fee_wei,
            hash: *envelope.tx_hash(),
            raw: envelope.encoded_2718().into(),
            signed_at_ms: now_ms,
        };
        Ok((nonce, variant))
    }

    /// Sends a signed transaction. Sent twice, it is still one.
    ///
    /// # Errors
    /// If the node does not take it.
    pub(super) async fn send(&self, variant: &Variant) -> Result<Sent, TxError> {
        let answer = self.provider.send_raw_transaction(&variant.raw).await;
        let error = match answer.map(drop).map_err(TxError::from) {
            Ok(()) => return Ok(Sent::Held),
            Err(error) => error,
        };
        let TxError::Refused(message) = &error else {
            return Err(error);
        };
        let message = message.to_lowercase();
        if is_known(&message) {
            Ok(Sent::Held)
        } else if message.contains("nonce too low") {
            Ok(Sent::NonceUsed)
        } else if message.contains("insufficient funds") {
            Err(TxError::NoFunds {
                address: self.address,
                balance: self.provider.get_balance(self.address).await?,
                needed: None,
            })
        } else {
            Err(error)
        }
    }

    /// What became of an intent's variants.
    ///
    /// # Errors
    /// If the node cannot be read.
    pub(super) async fn fate(&self, intent: &Intent) -> Result<Fate, TxError> {
        // The count first: a transaction that a block takes between the two reads has its receipt at the second.
        let sender = intent.content.call.sender;
        let next_nonce = self.provider.get_transaction_count(sender).latest().await?;
        for variant in &intent.variants {
            let Some(receipt) = self.provider.get_transaction_receipt(variant.hash).await? else {
                continue;
            };
            if !receipt.status() {
                return Ok(Fate::Reverted(variant.hash));
            }
            let number = receipt.block_number.unwrap_or_default();
            let block = self.provider.get_block_by_number(number.into()).await?;
            let time_s = block.map_or(0, |block| block.header.timestamp);
            return Ok(Fate::Included {
                hash: variant.hash,
                block: BlockAt { number, time_s },
            });
        }
        if intent.nonce.is_some_and(|nonce| next_nonce > nonce) {
            Ok(Fate::NonceTaken)
        } else {
            Ok(Fate::Pending)
        }
    }
}

/// Whether a node's message means that it has this transaction already. Nodes word it differently.
fn is_known(message: &str) -> bool {
    [
        "already known",
        "known transaction",
        "already imported",
        "already exists",
    ]
    .iter()
    .any(|known| message.contains(known))
}

/// Without the provider, whose address may hold a key.
impl fmt::Debug for Account {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut account = out.debug_struct("Account");
        account
            .field("chain_id", &self.chain_id)
            .field("address", &self.address);
        account.finish_non_exhaustive()
    }
}

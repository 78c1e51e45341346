//! `audit --attest`: says on the chain how far the audit came. The contract takes only a later epoch than the last, so
//! that a crash at any point costs at most the fee of a second transaction.

use std::fmt::Display;
use std::path::Path;
use std::time::{Duration, Instant};

use alloy::consensus::{SignableTransaction, TxEip1559};
use alloy::contract::Error as ContractError;
use alloy::eips::eip2718::Encodable2718;
use alloy::network::TransactionBuilder;
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use alloy::sol_types::SolCall;
use alloy::transports::TransportError;
use alloy_primitives::{Bytes, Signature};
use k256::ecdsa::SigningKey;
use serde_json::json;
use shelfproof_base::keyfile::{self, Key, KeyFileError};
use shelfproof_contracts::ShelfproofRegistry::attestAuditCall;
use shelfproof_verifier::chain::rpc::{RpcError, RpcSource};
use shelfproof_verifier::{Address, B256, U256};

use super::Audit;
use super::record::{self, OwnKind};
use crate::args::AttestArgs;
use crate::cause::Cause;
use crate::input::Inputs;
use crate::report::{Failure, Report};
use crate::sentences::Text;

/// The most gas that a node may ask for; the contract's call takes less than a third.
const MAX_GAS: u64 = 200_000;
/// The longest wait for a block with the transaction.
const WAIT: Duration = Duration::from_mins(3);
/// The pause between two looks for it.
const POLL: Duration = Duration::from_secs(2);
const GWEI: u128 = 1_000_000_000;

/// The account of an auditor.
pub(super) struct Auditor {
    key: SigningKey,
    address: Address,
    max_fee_wei: u128,
}

impl Auditor {
    /// Opens the account that the command line names, or makes it; `None` without `--attest`. A crash after a file was
    /// made leaves it for the next run.
    pub(super) fn open(args: &AttestArgs) -> Result<Option<Self>, Failure> {
        let (true, Some(file), Some(passphrase)) = (args.attest, &args.key_file, &args.passphrase_file) else {
            return Ok(None);
        };
        let text = Inputs::default().text(None, Some(passphrase), "--passphrase-file")?;
        let text = text.filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| Failure::new(Cause::Input, "--passphrase-file: it is empty"))?;
        let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let passphrase = text.into();
        let key = match keyfile::open(file, name, &passphrase) {
            Ok(key) => signing_key(file, &key.secret)?,
            Err(KeyFileError::Missing(_)) => {
                let secret = keyfile::random_secret();
                let key = signing_key(file, &secret)?;
                let public = Some(Bytes::copy_from_slice(address_of(&key).as_slice()));
                keyfile::create(file, name, &Key { public, secret }, &passphrase).map_err(|error| unusable(&error))?;
                key
            }
            Err(error) => return Err(unusable(&error)),
        };
        Ok(Some(Self {
            address: address_of(&key),
            key,
            max_fee_wei: u128::from(args.max_fee_gwei) * GWEI,
        }))
    }

    /// Says how far the full audit came, and adds to the report that it was said.
    pub(super) async fn attest(&self, audit: &Audit<'_>, report: &mut Report) -> Result<(), Failure> {
        let source = &audit.online.source;
        let Some(done) = record::read_own(&audit.folder, OwnKind::Full, &source.identity())? else {
            return Ok(());
        };
        let mut said = self.said(source).await?;
        if said < done.to && self.wait_for_earlier(source.provider()).await? {
            said = self.said(source).await?;
        }
        let sent = if said >= done.to {
            None
        } else {
            Some(self.send(audit, done.to, done.hash).await?)
        };
        let lang = audit.lang;
        let epoch = said.max(done.to);
        let line = match &sent {
            None => lang.fill(Text::AttestedBefore, &[("epoch", &epoch), ("auditor", &self.address)]),
            Some((transaction, is_held)) => {
                if !is_held {
                    report.warnings.push(lang.text(Text::AttestWaits).to_owned());
                }
                let values: [(&str, &dyn Display); 3] = [
                    ("epoch", &epoch),
                    ("auditor", &self.address),
                    ("transaction", transaction),
                ];
                lang.fill(Text::Attested, &values)
            }
        };
        report.facts.push((lang.text(Text::AttestedLabel), line));
        let transaction = sent.map(|(transaction, _)| transaction);
        report.json.insert(
            "attested".to_owned(),
            json!({"auditor": self.address, "epoch": epoch, "transaction": transaction}),
        );
        Ok(())
    }

    /// How far it has attested in the newest block.
    async fn said(&self, source: &RpcSource) -> Result<u64, Failure> {
        source.newest_block().await?;
        Ok(source.newest_audited(self.address).await?.0)
    }

    /// Waits for what the account has sent before and no block holds yet, such as the attestation of a run that was
    /// ended: nodes refuse another transaction in its place. Whether there was any.
    async fn wait_for_earlier(&self, provider: &impl Provider) -> Result<bool, Failure> {
        let end = Instant::now() + WAIT;
        let mut has_waited = false;
        loop {
            let held = provider.get_transaction_count(self.address).await;
            let held = held.map_err(|error| rpc_failed("eth_getTransactionCount", error))?;
            let sent = provider.get_transaction_count(self.address).pending().await;
            // Of a node that does not tell, nothing is waited for.
            if sent.unwrap_or(held) <= held {
                return Ok(has_waited);
            }
            if Instant::now() >= end {
                let why = format!("a transaction that {} sent before is in no block yet", self.address);
                return Err(Failure::new(Cause::NotAttested, why));
            }
            has_waited = true;
            tokio::time::sleep(POLL).await;
        }
    }

    /// Sends the attestation. Returns its transaction, and whether a block holds it.
    async fn send(&self, audit: &Audit<'_>, number: u64, hash: B256) -> Result<(B256, bool), Failure> {
        let source = &audit.online.source;
        let (provider, identity) = (source.provider(), source.identity());
        let call = attestAuditCall {
            merchantId: identity.merchant_id,
            number,
            epochHash: hash,
        };
        let input = call.abi_encode();
        let request = TransactionRequest::default()
            .with_from(self.address)
            .with_to(identity.registry)
            .with_input(input.clone());
        let balance = provider.get_balance(self.address).await;
        let balance = balance.map_err(|error| rpc_failed("eth_getBalance", error))?;
        let gas = provider.estimate_gas(request).await;
        let gas = gas.map_err(|error| rpc_failed("eth_estimateGas", error))?;
        let fees = provider.estimate_eip1559_fees().await;
        let fees = fees.map_err(|error| rpc_failed("eth_feeHistory", error))?;
        let gas_limit = gas.saturating_mul(5) / 4;
        if gas_limit > MAX_GAS {
            let why = format!("the node asks for {gas} units of gas; an attestation takes less than 60000");
            return Err(Failure::new(Cause::NotAttested, why));
        }
        let max_fee_wei = fees.max_fee_per_gas.min(self.max_fee_wei);
        let needed = U256::from(max_fee_wei) * U256::from(gas_limit);
        if balance < needed {
            let why = format!(
                "{} has {balance} wei, and {needed} wei are needed: send it some",
                self.address
            );
            return Err(Failure::new(Cause::NotAttested, why).with("auditor", json!(self.address)));
        }
        let nonce = provider.get_transaction_count(self.address).await;
        let transaction = TxEip1559 {
            chain_id: identity.chain_id,
            nonce: nonce.map_err(|error| rpc_failed("eth_getTransactionCount", error))?,
            gas_limit,
            max_fee_per_gas: max_fee_wei,
            max_priority_fee_per_gas: fees.max_priority_fee_per_gas.min(max_fee_wei),
            to: identity.registry.into(),
            input: input.into(),
            ..TxEip1559::default()
        };
        let signed = self.sign(transaction)?;
        let sent = provider.send_raw_transaction(&signed).await;
        let sent = *sent
            .map_err(|error| rpc_failed("eth_sendRawTransaction", error))?
            .tx_hash();
        Ok((sent, self.wait(provider, sent).await?))
    }

    /// The transaction, signed, as it is sent.
    fn sign(&self, transaction: TxEip1559) -> Result<Vec<u8>, Failure> {
        let digest = transaction.signature_hash();
        let signed = self.key.sign_prehash_recoverable(digest.as_slice());
        let (signature, recovery) = signed.map_err(|error| unusable(&error))?;
        let bytes = signature.to_bytes();
        let (r, s) = bytes.split_at(32);
        let (r, s) = (U256::from_be_slice(r), U256::from_be_slice(s));
        let signature = Signature::new(r, s, recovery.is_y_odd());
        Ok(transaction.into_signed(signature).encoded_2718())
    }

    /// Waits until a block holds the transaction; `false` if none does in time.
    async fn wait(&self, provider: &impl Provider, transaction: B256) -> Result<bool, Failure> {
        let end = Instant::now() + WAIT;
        while Instant::now() < end {
            let receipt = provider.get_transaction_receipt(transaction).await;
            match receipt.map_err(|error| rpc_failed("eth_getTransactionReceipt", error))? {
                Some(receipt) if receipt.status() => return Ok(true),
                Some(_) => {
                    let why = format!("the registry refused transaction {transaction}: run the command again");
                    return Err(Failure::new(Cause::NotAttested, why));
                }
                None => tokio::time::sleep(POLL).await,
            }
        }
        Ok(false)
    }
}

fn signing_key(file: &Path, secret: &[u8]) -> Result<SigningKey, Failure> {
    SigningKey::from_slice(secret).map_err(|_| {
        let why = format!("--key-file {}: it holds no key of an account", file.display());
        Failure::new(Cause::Input, why)
    })
}

fn address_of(key: &SigningKey) -> Address {
    let point = key.verifying_key().to_encoded_point(false);
    // The first byte says that both coordinates follow.
    Address::from_raw_public_key(point.as_bytes().get(1..).unwrap_or_default())
}

fn unusable(error: &impl Display) -> Failure {
    Failure::new(Cause::Input, format!("--key-file: {error}"))
}

fn rpc_failed(method: &'static str, error: TransportError) -> Failure {
    // Without the node's address, which may contain an access key, and shortened.
    let error = RpcError::contract(method, ContractError::TransportError(error));
    Failure::new(Cause::NotAttested, error.to_string())
}

//! The registry, deployed where a chain has none. Registry and dispute contract each name the other, and neither can be
//! changed: so the one that is deployed first is told an address at which nothing is yet.

use std::str::FromStr;

use alloy::contract::Error as ContractError;
use alloy::providers::Provider;
use alloy::sol_types::SolConstructor;
use alloy::transports::TransportError;
use alloy_primitives::{Address, B256};
use shelfproof_contracts::ShelfproofRegistry::{self, constructorCall};

use super::{Change, Owner, OwnerError};
use crate::store::intents::{Call, Purpose};

/// How many of the account's transactions are looked through for a registry that a run before deployed.
const LOOKED_THROUGH: u64 = 16;

/// The dispute contract that a registry names for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disputes {
    None,
    At(Address),
    /// The contract that the account creates with the transaction right after the registry's.
    Next,
}

/// A registry of this account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployed {
    pub registry: Address,
    /// The dispute contract that it names; zero for none.
    pub disputes: Address,
    /// The nonce of the transaction that creates the dispute contract, where that is the account's next.
    pub disputes_nonce: Option<u64>,
    /// The newest registry of this account that was passed over: nothing can ever be where its dispute contract should
    /// be.
    pub dead: Option<Address>,
    pub change: Change,
}

impl FromStr for Disputes {
    type Err = <Address as FromStr>::Err;

    /// `next`, or an address.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "next" {
            return Ok(Self::Next);
        }
        text.parse().map(Self::At)
    }
}

impl Disputes {
    /// What the registry names that `account` deploys with that nonce.
    fn of(self, account: Address, nonce: u64) -> Address {
        match self {
            Self::None => Address::ZERO,
            Self::At(address) => address,
            Self::Next => account.create(nonce + 1),
        }
    }
}

impl Owner {
    /// Deploys the registry, or finds the one that this account deployed: as its first transaction, with any transaction
    /// that the log knows, or, where the registry names the next contract, with one of the last. A registry whose
    /// dispute contract can never be there is passed over.
    ///
    /// # Errors
    /// If the node refuses, the account cannot pay, or no contract is at the address of the dispute contract.
    pub async fn deploy(&mut self, disputes: Disputes) -> Result<Deployed, OwnerError> {
        if let Disputes::At(address) = disputes
            && !self.has_code(address).await?
        {
            return Err(OwnerError::NoDisputes(address));
        }
        let count = self
            .source
            .provider()
            .get_transaction_count(self.address())
            .latest()
            .await;
        let next = count.map_err(ContractError::from)?;
        let nonces: Vec<u64> = if disputes == Disputes::Next {
            (next.saturating_sub(LOOKED_THROUGH)..next).rev().collect()
        } else {
            let call = self.deployment(disputes.of(self.address(), next));
            let mut known = self.sender.log().nonces(Purpose::Deploy, &call).await?;
            known.push(0);
            known
        };
        let mut dead = None;
        for nonce in nonces {
            if !self.is_registry(nonce, disputes).await? {
                continue;
            }
            let named = disputes.of(self.address(), nonce);
            let is_there = disputes != Disputes::Next || self.has_code(named).await?;
            let is_next = !is_there && nonce + 1 == next;
            if is_there || is_next {
                let change = self.found(&self.deployment(named));
                return Ok(Deployed {
                    dead,
                    ..self.deployed(nonce, disputes, is_next, change)
                });
            }
            dead.get_or_insert(self.address().create(nonce));
        }
        let call = self.deployment(disputes.of(self.address(), next));
        let mut intent = self.intent(Purpose::Deploy, call).await?;
        let (hash, _) = self.await_block(&mut intent).await?;
        let nonce = intent.nonce.ok_or(OwnerError::Reverted(hash))?;
        if disputes == Disputes::Next && nonce != next {
            return Err(OwnerError::Unplanned(self.address().create(nonce)));
        }
        let is_next = disputes == Disputes::Next;
        Ok(Deployed {
            dead,
            ..self.deployed(nonce, disputes, is_next, Change::Done(hash))
        })
    }

    /// The dispute contract that a registry names, if nothing stands at its address.
    ///
    /// # Errors
    /// If the node refuses, or no contract is at the registry's address.
    pub async fn missing_disputes(&self, registry: Address) -> Result<Option<Address>, OwnerError> {
        let named = self.registry(registry).await?.disputes().call().await?;
        let is_missing = named != Address::ZERO && !self.has_code(named).await?;
        Ok(is_missing.then_some(named))
    }

    fn deployment(&self, disputes: Address) -> Call {
        let arguments = constructorCall { disputes }.abi_encode();
        let code = [ShelfproofRegistry::BYTECODE.as_ref(), &arguments].concat();
        self.sender.call(None, code)
    }

    /// Whether this account's transaction of that nonce deployed a registry that names those disputes.
    async fn is_registry(&self, nonce: u64, disputes: Disputes) -> Result<bool, OwnerError> {
        let address = self.address().create(nonce);
        if !self.has_code(address).await? {
            return Ok(false);
        }
        let registry = ShelfproofRegistry::new(address, self.source.provider());
        // A contract that answers these like a registry is taken for one.
        let is_registry = answer(registry.latestEpoch(B256::ZERO).call().await)?.is_some();
        let named = answer(registry.disputes().call().await)?;
        Ok(is_registry && named == Some(disputes.of(self.address(), nonce)))
    }

    /// What this account deployed; `is_next` says that its next transaction creates the dispute contract.
    fn deployed(&self, nonce: u64, disputes: Disputes, is_next: bool, change: Change) -> Deployed {
        Deployed {
            registry: self.address().create(nonce),
            disputes: disputes.of(self.address(), nonce),
            disputes_nonce: is_next.then_some(nonce + 1),
            dead: None,
            change,
        }
    }
}

/// What a contract answered; `None` where it reverts, or its answer has another form, as another contract's does. What
/// the node refuses says nothing about the contract.
fn answer<T>(answer: Result<T, ContractError>) -> Result<Option<T>, OwnerError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ContractError::TransportError(error)) if !is_revert(&error) => {
            Err(ContractError::TransportError(error).into())
        }
        Err(_) => Ok(None),
    }
}

fn is_revert(error: &TransportError) -> bool {
    // Most nodes use error 3 for a revert; others say so in the message.
    let payload = error.as_error_resp();
    payload.is_some_and(|payload| payload.code == 3 || payload.message.contains("revert"))
}

#[cfg(test)]
mod tests {
    use alloy::transports::{RpcError, TransportErrorKind};
    use shelfproof_base::client::HttpError;

    use super::*;

    fn refused(payload: &str) -> Result<(), ContractError> {
        let payload = serde_json::from_str(payload).unwrap();
        Err(ContractError::TransportError(RpcError::ErrorResp(payload)))
    }

    #[test]
    fn only_the_contract_s_own_answer_says_that_it_is_no_registry() {
        for revert in [
            r#"{"code":3,"message":"execution reverted"}"#,
            r#"{"code":-32000,"message":"VM Exception while processing transaction: revert"}"#,
        ] {
            assert!(matches!(answer(refused(revert)), Ok(None)), "{revert}");
        }
        let other_form = ContractError::UnknownFunction("disputes".to_owned());
        assert!(matches!(answer::<()>(Err(other_form)), Ok(None)));
        let limit = refused(r#"{"code":-32005,"message":"limit exceeded"}"#);
        assert!(matches!(answer(limit), Err(OwnerError::Read(_))));
        let away = TransportErrorKind::custom(HttpError::TimedOut);
        let away = answer::<()>(Err(ContractError::TransportError(away)));
        assert!(matches!(away, Err(OwnerError::Unreachable(_))), "{away:?}");
        assert!(matches!(answer(Ok(5)), Ok(Some(5))));
    }
}

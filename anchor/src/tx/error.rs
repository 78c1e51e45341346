//! What keeps a transaction from the chain, and what to do.

use alloy::contract::Error as ContractError;
use alloy::primitives::utils::format_ether;
use alloy::transports::{RpcError as CallError, TransportError};
use alloy_primitives::{Address, B256, U256};
use shelfproof_contracts::ShelfproofRegistry::ShelfproofRegistryErrors as Refusal;
use shelfproof_verifier::chain::rpc::RpcError;

use super::LogError;
use crate::status::Condition;
use crate::step::BrokenOff;
use crate::store::StoreError;
use crate::store::intents::Purpose;

/// The most characters kept of a node's message.
const MAX_MESSAGE_CHARS: usize = 300;

/// The transaction that holds an account's next nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    pub purpose: Purpose,
    pub transaction: B256,
}

/// Why the chain cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TxError {
    #[error("{0}")]
    Read(#[from] RpcError),
    /// The node does not answer. The transport's own message may hold the node's address, and so a key: it is left out.
    #[error("the chain's node does not answer: check chain.rpc, and whether the node is up")]
    Unreachable,
    /// The node refuses, in its own words.
    #[error("the chain's node refuses: {0}")]
    Refused(String),
    /// The contract would refuse the call.
    #[error("the registry refuses: {0}")]
    RefusedByRegistry(String),
    #[error(
        "the registry holds the VRF key {held}, and this shop's is {ours}: no proof of this shop would hold. Register \
         the keys that the shop sells with, under another salt"
    )]
    OtherVrfKey {
        /// The registry's.
        held: B256,
        ours: B256,
    },
    #[error(
        "{address} has {} ETH and needs {}: send it the difference",
        format_ether(*.balance),
        needed_ether(*.needed)
    )]
    NoFunds {
        address: Address,
        /// Wei.
        balance: U256,
        /// What the transaction can cost, wei; `None` where only the node computed it.
        needed: Option<U256>,
    },
    /// The registry takes this merchant's epochs from another account.
    #[error(
        "the registry takes this merchant's epochs from another account than {0}: configure the key of that account, \
         or let the owner name this one with `shelfproof-anchor rotate anchorer`"
    )]
    NotAnchorer(Address),
    #[error("the merchant has retired: the registry takes no more of its epochs")]
    Retired,
    /// The registry does not build upon this epoch's parent.
    #[error("the registry does not take this epoch as the next: {0}")]
    WrongParent(String),
    #[error("the transaction cannot be signed: {0}")]
    Unsigned(String),
    /// Another open intent of this account has the nonce that comes next.
    #[error(
        "the account's transaction {} ({}) is under way: wait until a block holds it",
        .0.transaction,
        .0.purpose.name()
    )]
    NonceHeld(Holder),
    /// The intent cannot be stored or read.
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    BrokenOff(#[from] BrokenOff),
}

impl TxError {
    /// The error of a call that was only tried.
    pub(super) fn contract(error: ContractError, sender: Address) -> Self {
        match error.as_decoded_interface_error::<Refusal>() {
            Some(Refusal::NotAnchorer(_)) => Self::NotAnchorer(sender),
            Some(Refusal::Retired(_)) => Self::Retired,
            Some(Refusal::UnknownMerchant(_)) => Self::Read(RpcError::NotRegistered),
            Some(refusal @ (Refusal::WrongParent(_) | Refusal::WrongNumber(_))) => {
                Self::WrongParent(format!("{refusal:?}"))
            }
            Some(other) => Self::RefusedByRegistry(format!("{other:?}")),
            None => match error {
                ContractError::TransportError(error) => error.into(),
                other => Self::Refused(cut(&other.to_string())),
            },
        }
    }

    /// The condition that `status`, `/healthz` and the metrics show for this.
    #[must_use]
    pub const fn condition(&self) -> Condition {
        match self {
            Self::Read(error) => Condition::of_node(error),
            Self::Unreachable => Condition::RpcUnreachable,
            Self::OtherVrfKey { .. } => Condition::NotRegistered,
            Self::Refused(_) | Self::RefusedByRegistry(_) | Self::Unsigned(_) => Condition::RpcRefused,
            Self::NoFunds { .. } => Condition::NoFunds,
            Self::NotAnchorer(_) => Condition::NotAnchorer,
            Self::Retired => Condition::Retired,
            Self::WrongParent(_) => Condition::RefusedParent,
            Self::NonceHeld(_) => Condition::Slow,
            Self::Log(LogError::Store(StoreError::Database(_))) => Condition::DatabaseUnreachable,
            Self::Log(LogError::Store(StoreError::Inconsistent { .. })) => Condition::BadHistory,
            Self::Log(LogError::Journal(_)) | Self::BrokenOff(_) => Condition::Storage,
        }
    }
}

impl From<TransportError> for TxError {
    fn from(error: TransportError) -> Self {
        match error {
            CallError::ErrorResp(answer) => Self::Refused(cut(&answer.message)),
            CallError::Transport(_) => Self::Unreachable,
            _ => Self::Refused("its answer cannot be used".to_owned()),
        }
    }
}

fn needed_ether(needed: Option<U256>) -> String {
    needed.map_or_else(|| "more".to_owned(), |wei| format!("up to {} ETH", format_ether(wei)))
}

fn cut(message: &str) -> String {
    message.chars().take(MAX_MESSAGE_CHARS).collect()
}

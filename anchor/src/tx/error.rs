//! What keeps a transaction from the chain, and what to do.

use alloy::contract::Error as ContractError;
use alloy::primitives::utils::format_ether;
use alloy::transports::{RpcError as CallError, TransportError};
use alloy_primitives::{Address, B256, U256};
use shelfproof_contracts::ShelfproofRegistry::ShelfproofRegistryErrors as Refusal;
use shelfproof_verifier::chain::rpc::RpcError;

use crate::status::Condition;

/// The most characters kept of what a node says.
const MAX_MESSAGE_CHARS: usize = 300;

/// Why the chain cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TxError {
    /// The node cannot be read.
    #[error("{0}")]
    Read(#[from] RpcError),
    /// The node does not answer. What the transport says may hold its address, and so a key: it stays out.
    #[error("the chain's node does not answer: check chain.rpc, and whether the node is up")]
    Unreachable,
    /// The node refuses, in its own words.
    #[error("the chain's node refuses: {0}")]
    Refused(String),
    /// The registry holds another VRF key.
    #[error(
        "the registry holds the VRF key {held}, and this shop's is {ours}: no proof of this shop would hold. Register the keys that the shop sells with, under another salt"
    )]
    OtherVrfKey {
        /// The registry's.
        held: B256,
        /// The shop's.
        ours: B256,
    },
    /// The account cannot pay.
    #[error("{address} has {} ETH and needs {}: send it the difference", format_ether(*.balance), told(*.needed))]
    NoFunds {
        /// The account.
        address: Address,
        /// What it has, wei.
        balance: U256,
        /// What the next epoch can cost, wei; none where only the node knows.
        needed: Option<U256>,
    },
    /// The registry takes epochs from another account.
    #[error(
        "the registry takes this merchant's epochs from another account than {0}: give the key of that one, or name this one with `shelfproof-anchor rotate anchorer`"
    )]
    NotAnchorer(Address),
    /// The merchant retired.
    #[error("the merchant has retired: the registry takes no more of its epochs")]
    Retired,
    /// The registry does not build upon this epoch's parent.
    #[error("the registry does not take this epoch as the next: {0}")]
    WrongParent(String),
    /// The signature cannot be made.
    #[error("the transaction cannot be signed: {0}")]
    Unsigned(String),
    /// The epoch's transaction can no longer be taken; another follows after a pause.
    #[error(
        "epoch {number} was not taken in {attempts} attempts, and another follows after a pause; the last transaction is {last}: look at it in an explorer, and let nothing else send from this account"
    )]
    Spent {
        /// The epoch.
        number: u64,
        /// How often.
        attempts: u32,
        /// The last transaction.
        last: B256,
    },
}

impl TxError {
    /// The error of a call that changes nothing.
    pub(super) fn contract(error: ContractError, sender: Address) -> Self {
        match error.as_decoded_interface_error::<Refusal>() {
            Some(Refusal::NotAnchorer(_)) => Self::NotAnchorer(sender),
            Some(Refusal::Retired(_)) => Self::Retired,
            Some(Refusal::UnknownMerchant(_)) => Self::Read(RpcError::NotRegistered),
            Some(refusal @ (Refusal::WrongParent(_) | Refusal::WrongNumber(_))) => {
                Self::WrongParent(format!("{refusal:?}"))
            }
            Some(other) => Self::Refused(format!("{other:?}")),
            None => match error {
                ContractError::TransportError(error) => error.into(),
                other => Self::Refused(cut(&other.to_string())),
            },
        }
    }

    /// What this is to whoever looks after the anchor.
    #[must_use]
    pub const fn condition(&self) -> Condition {
        match self {
            Self::Read(error) => Condition::of_node(error),
            Self::Unreachable => Condition::RpcUnreachable,
            Self::OtherVrfKey { .. } => Condition::NotRegistered,
            Self::Refused(_) | Self::Unsigned(_) | Self::Spent { .. } => Condition::RpcRefused,
            Self::NoFunds { .. } => Condition::NoFunds,
            Self::NotAnchorer(_) => Condition::NotAnchorer,
            Self::Retired => Condition::Retired,
            Self::WrongParent(_) => Condition::RefusedParent,
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

fn told(needed: Option<U256>) -> String {
    needed.map_or_else(|| "more".to_owned(), |wei| format!("up to {}", format_ether(wei)))
}

fn cut(message: &str) -> String {
    message.chars().take(MAX_MESSAGE_CHARS).collect()
}

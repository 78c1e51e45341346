//! What can keep a merchant from its place on the chain, and what to do.

use alloy::primitives::utils::format_ether;
use alloy::transports::{RpcError as CallError, TransportError};
use alloy_primitives::{Address, B256, U256};
use shelfproof_verifier::chain::rpc::RpcError;

/// Why a registry is not deployed, or a merchant not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The node's address is none.
    #[error("--rpc is no address: give one like https://node.example")]
    NoAddress,
    /// The node failed: how, in words. What the transport says may hold the node's address, and so a key: it stays out.
    #[error("{0}")]
    Node(String),
    /// The node serves another chain.
    #[error(
        "the node serves chain {found}, not chain {told}: give the address of a node of chain {told}, or the chain id that you mean"
    )]
    WrongChain {
        /// The chain that was meant.
        told: u64,
        /// The node's.
        found: u64,
    },
    /// Nothing stands at the registry's address.
    #[error("no contract stands at {0} on this chain: check --registry and --rpc")]
    NoRegistry(Address),
    /// What stands there answers otherwise.
    #[error("the contract at that address is not Shelfproof's registry: check --registry")]
    NotTheRegistry,
    /// The account cannot pay.
    #[error("{address} has {} and needs up to {}: send it the difference, then run this again", ether(.balance), ether(.needed))]
    NoFunds {
        /// The account.
        address: Address,
        /// What it has, wei.
        balance: U256,
        /// What the transaction can cost, wei.
        needed: U256,
    },
    /// The owner's merchant of that salt has another VRF key.
    #[error(
        "merchant {merchant_id} is registered with another VRF key, which never changes: use the keys it was registered with, or another --salt for another merchant"
    )]
    OtherKey {
        /// The merchant.
        merchant_id: B256,
    },
    /// Nobody registered that merchant.
    #[error("the registry does not know the merchant {0}: check --merchant-id, --registry and --rpc")]
    NotRegistered(B256),
    /// Another account owns it.
    #[error("the merchant belongs to {owner}, and {address} signs here: give the owner's key file")]
    NotOwner {
        /// Who owns it.
        owner: Address,
        /// Who would sign.
        address: Address,
    },
    /// The registry never knew that receipt key.
    #[error("the registry never knew the receipt key {0}: check the address")]
    UnknownSigner(Address),
    /// The contract refuses.
    #[error("the registry refuses: {0}")]
    Refused(String),
    /// The transaction failed in its block.
    #[error("the transaction {0} failed on the chain: look at it in an explorer")]
    Reverted(B256),
    /// No block took the transaction in time.
    #[error("no block has taken the transaction {0} yet: wait, then run this again; what is done is not done twice")]
    Slow(B256),
    /// The block is not final in time.
    #[error("merchant {0} is registered, but not in a final block yet: wait, then run this again")]
    NotFinal(B256),
    /// The node cannot tell what is final.
    #[error(transparent)]
    Final(#[from] RpcError),
}

impl From<TransportError> for RegisterError {
    fn from(error: TransportError) -> Self {
        Self::Node(told(&error))
    }
}

/// What the node said, or that it said nothing.
fn told(error: &TransportError) -> String {
    match error {
        CallError::ErrorResp(answer) => format!("the node refuses: {} ({})", answer.message, answer.code),
        CallError::Transport(_) => {
            "the node does not answer: check --rpc, and whether the node is up and can be reached from here".to_owned()
        }
        _ => "the node's answer cannot be used: check that --rpc is an Ethereum node's JSON-RPC address".to_owned(),
    }
}

fn ether(wei: &U256) -> String {
    format!("{} ETH", format_ether(*wei))
}

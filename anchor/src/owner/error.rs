use alloy::contract::Error as ContractError;
use alloy_primitives::{Address, B256};
use shelfproof_verifier::chain::rpc::RpcError;

use crate::tx::{LogError, TxError};

/// Why an owner's command is not done.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    #[error("the node does not answer: check --rpc, and whether the node is up and can be reached from here ({0})")]
    Unreachable(RpcError),
    /// The node cannot be read for another reason.
    #[error("{0}; check --rpc")]
    Read(RpcError),
    #[error(
        "the node serves chain {found}, not chain {told}: give the address of a node of chain {told}, or the chain id \
         that you mean"
    )]
    WrongChain { told: u64, found: u64 },
    #[error("no contract is at {0} on this chain: check --registry and --rpc")]
    NoRegistry(Address),
    #[error(
        "no contract is at {0} on this chain, so that the registry must not name it as its dispute contract: check \
         --disputes and --rpc, or say `--disputes next` for the contract that this account creates next"
    )]
    NoDisputes(Address),
    #[error("the contract at that address is not Shelfproof's registry: check --registry")]
    NotTheRegistry,
    /// The owner's merchant of that salt has another VRF key.
    #[error(
        "merchant {merchant_id} is registered with another VRF key, which never changes: use the keys it was \
         registered with, or another --salt for another merchant"
    )]
    OtherKey { merchant_id: B256 },
    #[error("the registry does not know the merchant {0}: check --merchant-id, --registry and --rpc")]
    NotRegistered(B256),
    #[error("the merchant belongs to {owner}, and {address} signs here: give the owner's key file")]
    NotOwner { owner: Address, address: Address },
    #[error("the registry never knew the receipt key {0}: check the address")]
    UnknownSigner(Address),
    /// The call failed in its block.
    #[error("the transaction {0} failed on the chain: look at it in an explorer")]
    Reverted(B256),
    #[error(
        "another transaction of this account has the nonce of this one: let nothing else send from this account, and \
         run this again"
    )]
    NonceTaken,
    /// No block took the transaction in time.
    #[error("no block has taken the transaction {0} yet: wait, then run this again; what is done is not done twice")]
    Slow(B256),
    /// A registry that names a contract which this account can no longer create.
    #[error(
        "another transaction of this account came between, and the registry at {0} names a dispute contract that \
         cannot be deployed: do not use it. Let nothing else send from this account, and run this again"
    )]
    Unplanned(Address),
    #[error("merchant {0} is registered, but not in a final block yet: wait, then run this again")]
    NotFinal(B256),
    #[error("{0}; then run this again")]
    Tx(TxError),
}

impl From<RpcError> for OwnerError {
    fn from(error: RpcError) -> Self {
        match error {
            RpcError::Http(_) => Self::Unreachable(error),
            RpcError::WrongChain { told, found } => Self::WrongChain { told, found },
            _ => Self::Read(error),
        }
    }
}

impl From<ContractError> for OwnerError {
    fn from(error: ContractError) -> Self {
        match error {
            ContractError::ZeroData(..) => Self::NotTheRegistry,
            other => RpcError::contract("registry", other).into(),
        }
    }
}

impl From<TxError> for OwnerError {
    fn from(error: TxError) -> Self {
        match error {
            TxError::Read(error) => error.into(),
            other => Self::Tx(other),
        }
    }
}

impl From<LogError> for OwnerError {
    fn from(error: LogError) -> Self {
        Self::Tx(error.into())
    }
}

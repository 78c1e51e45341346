//! What the chain holds of one merchant, and the sources from which it is read: a file ([`trusted`]) for checks without
//! a node, or a node over JSON-RPC (`rpc`).
//!
//! Checks take a [`ChainView`] and never a source, so that they are the same with any. To add a source, implement
//! [`RootSource`].

#[cfg(feature = "rpc")]
pub mod rpc;
pub mod trusted;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use alloy_primitives::{Address, B256};

use crate::Refusal;
use crate::epoch::Header;
use crate::json::Node;

/// Which merchant. A verifier is given these three values, or has them pinned, and takes them from no file it checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The chain's EIP-155 id.
    pub chain_id: u64,
    /// The registry contract.
    pub registry: Address,
    /// The merchant in it.
    pub merchant_id: B256,
}

impl Identity {
    /// Takes `chainId`, `registry` and `merchantId`, by which every file names its merchant.
    pub(crate) fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            chain_id: fields.field("chainId")?.number()?,
            registry: fields.field("registry")?.address()?,
            merchant_id: fields.field("merchantId")?.word()?,
        })
    }
}

/// What a verdict needs of an epoch in a final block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// The registry's epoch hash.
    pub hash: B256,
    /// Time of its block, Unix seconds.
    pub anchored_at_s: u64,
    /// Number of its block, if the source knows it.
    pub block: Option<u64>,
}

/// An epoch with all that final blocks hold of it: a header that hashes to the registry's epoch hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchoredEpoch {
    /// The epoch's header.
    pub header: Header,
    /// The registry's epoch hash.
    pub hash: B256,
    /// Number of its block: its log's, or what its header file says, which nobody checked.
    pub block: u64,
    /// Time of its block, Unix seconds.
    pub anchored_at_s: u64,
}

/// The time in which an address is one of the merchant's receipt keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignerSpan {
    /// The receipt key's address.
    pub address: Address,
    /// The first second, Unix; never 0.
    pub from_s: u64,
    /// The first second after it, Unix; 0 if it has no end.
    pub until_s: u64,
}

impl SignerSpan {
    /// Whether the span contains the time `at_ms` of a sale, Unix milliseconds.
    #[must_use]
    pub fn holds(&self, at_ms: u64) -> bool {
        self.from_s.saturating_mul(1000) <= at_ms && (self.until_s == 0 || at_ms < self.until_s.saturating_mul(1000))
    }
}

/// What the final blocks hold of one merchant, as far as a check needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainView {
    /// The merchant.
    pub identity: Identity,
    /// The merchant's VRF public key.
    pub vrf_public_key: B256,
    /// The receipt keys: at least those that were asked for.
    pub receipt_signers: Vec<SignerSpan>,
    /// Time of the newest final block, Unix seconds.
    pub as_of_s: u64,
    /// The lowest number that the source tells of. A trusted file may start at any epoch; the registry answers for all.
    pub first: u64,
    /// Number of the latest final epoch; 0 if there is none yet.
    pub latest: u64,
    /// Final epochs by number: at least those that were asked for.
    pub epochs: BTreeMap<u64, Anchored>,
}

/// What a check needs in its [`ChainView`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Epoch numbers. Epochs that are not final are absent from the view.
    pub epochs: BTreeSet<u64>,
    /// Addresses that signed receipts. Addresses that the registry does not know are absent from the view.
    pub signers: BTreeSet<Address>,
}

impl Needs {
    /// Adds what another check needs.
    pub fn extend(&mut self, other: Self) {
        self.epochs.extend(other.epochs);
        self.signers.extend(other.signers);
    }
}

/// A source of [`ChainView`]s.
pub trait RootSource {
    /// Why the source has no view.
    type Error;

    /// The merchant's view as of one final block, with at least what `needs` names.
    ///
    /// # Errors
    /// The source's own, if it does not answer or its answer is not usable.
    fn view(&self, needs: &Needs) -> impl Future<Output = Result<ChainView, Self::Error>> + Send;
}

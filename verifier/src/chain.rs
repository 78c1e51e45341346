//! What the chain says of one merchant, and who may say so: a file for use offline, or a node over JSON-RPC.

#[cfg(feature = "rpc")]
pub mod rpc;
pub mod trusted;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use alloy_primitives::{Address, B256};

use crate::Refusal;
use crate::epoch::Header;
use crate::json::Node;

/// Which merchant: the three names that a verifier must be told or have pinned.
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
    /// Takes `chainId`, `registry` and `merchantId`, as every file names its merchant.
    ///
    /// # Errors
    /// `malformed` where one is missing or not of its form.
    pub(crate) fn from_fields(fields: &Node<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            chain_id: fields.field("chainId")?.number()?,
            registry: fields.field("registry")?.address()?,
            merchant_id: fields.field("merchantId")?.word()?,
        })
    }
}

/// An epoch as final blocks hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchored {
    /// The registry's epoch hash.
    pub hash: B256,
    /// Time of its block, Unix seconds.
    pub anchored_at_s: u64,
    /// Its block, where the source knows it.
    pub block: Option<u64>,
}

/// An epoch with all that final blocks hold of it: the header of its log, which hashes to the registry's epoch hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchoredEpoch {
    /// The epoch's header.
    pub header: Header,
    /// The registry's epoch hash.
    pub hash: B256,
    /// Number of its block.
    pub block: u64,
    /// Time of its block, Unix seconds.
    pub anchored_at_s: u64,
}

impl AnchoredEpoch {
    /// The part of it that a verdict takes.
    #[must_use]
    pub const fn anchored(&self) -> Anchored {
        Anchored {
            hash: self.hash,
            anchored_at_s: self.anchored_at_s,
            block: Some(self.block),
        }
    }
}

/// When an address may sign the merchant's receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignerSpan {
    /// The receipt key's address.
    pub address: Address,
    /// First second, Unix; never 0.
    pub from_s: u64,
    /// First second after, Unix; 0 is still signing.
    pub until_s: u64,
}

impl SignerSpan {
    /// Whether a receipt of an event at `at_ms` may carry this signature.
    #[must_use]
    pub fn holds(&self, at_ms: u64) -> bool {
        self.from_s.saturating_mul(1000) <= at_ms && (self.until_s == 0 || at_ms < self.until_s.saturating_mul(1000))
    }
}

/// What final blocks say of one merchant, as far as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainView {
    /// Whose view this is.
    pub identity: Identity,
    /// The merchant's VRF key.
    pub vrf_public_key: B256,
    /// Receipt keys: all, or those asked for.
    pub receipt_signers: Vec<SignerSpan>,
    /// Time of the newest final block, Unix seconds.
    pub as_of_s: u64,
    /// Number of the latest final epoch; 0 is none yet.
    pub latest: u64,
    /// Final epochs: all, or those asked for.
    pub epochs: BTreeMap<u64, Anchored>,
}

/// What a check will ask of a [`ChainView`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Epoch numbers; those that are not final are left out of the answer.
    pub epochs: BTreeSet<u64>,
    /// Addresses that signed receipts; those unknown are left out of the answer.
    pub signers: BTreeSet<Address>,
}

/// Who tells what the chain holds.
pub trait RootSource {
    /// Why it cannot tell.
    type Error;

    /// One merchant's view, consistent as of one final block, with at least what `needs` names.
    ///
    /// # Errors
    /// The source's own, where it cannot be asked or its answer cannot be used.
    fn view(&self, needs: &Needs) -> impl Future<Output = Result<ChainView, Self::Error>> + Send;
}

//! Protocol §4: receipts. A receipt is the merchant's signed promise that a sale will be anchored by a deadline. The
//! buyer gets it with the code.
//!
//! [`Promise`] is what is signed, in receipt files ([`Receipt`]) and in bundles. [`check_purchase`] is the buyer's
//! check at the moment of purchase; [`crate::verdict`] checks later what became of the promise.

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::chain::{Identity, SignerSpan};
use crate::event::{KeyEvent, Kind, Opening};
use crate::vocabulary::body::Sold;
use crate::vocabulary::typed_data::{self, SIGNATURE_BYTES};
use crate::{Code, Refusal, tree};

mod file;
mod purchase;
mod terms;

pub use file::{MAX_BYTES, Receipt};
pub use purchase::{Checked, MAX_CLOCK_MS, Terms, check_purchase};
pub use terms::decimal;

/// The longest time from a sale to its anchoring deadline, milliseconds.
pub const MAX_DELAY_MS: u64 = 86_400_000;

/// The leaf that a receipt's root is over: `keccak256(keccak256(abi.encode(eventHash, buyer, cover, token)))`.
#[must_use]
pub fn promise_hash(event_hash: &B256, buyer: &B256, cover: &U256, token: &Address) -> B256 {
    let words = [*event_hash, *buyer, B256::from(*cover), token.into_word()];
    keccak256(keccak256(words.concat()))
}

/// A signed promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The sale.
    pub event: KeyEvent,
    /// The sale's body; `None` if it is withheld.
    pub opening: Option<Opening>,
    /// The sale's buyer; zero if the sale names none.
    pub buyer: B256,
    /// What the merchant's bond pays at most for this sale, in the smallest unit of `token`; zero without a bond.
    pub cover: U256,
    /// The bond's token; zero for the chain's own coin.
    pub token: Address,
    /// The deadline, Unix seconds: the sale will be in a final epoch whose block's time is not later.
    pub anchor_by_s: u64,
    /// The siblings from the promise's hash up to the root that was signed; empty if it was signed alone.
    pub path: Vec<B256>,
    /// The receipt key's signature.
    pub signature: [u8; SIGNATURE_BYTES],
}

/// What became of a promise that is not broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The event is in a final epoch that was anchored by the deadline.
    Met,
    /// The event is in a final epoch that was anchored after the deadline.
    Late,
    /// The event is in no final epoch, and the deadline has not passed.
    Pending,
}

impl Status {
    /// The name in verdicts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Late => "late",
            Self::Pending => "pending",
        }
    }
}

impl Promise {
    /// [`promise_hash`] of its event, buyer, cover and token.
    #[must_use]
    pub fn hash(&self) -> B256 {
        promise_hash(&self.event.hash(), &self.buyer, &self.cover, &self.token)
    }

    /// The root that was signed, if the signature is over this promise.
    #[must_use]
    pub fn root(&self) -> B256 {
        tree::climb(&self.hash(), &self.path)
    }

    /// The address that signed the promise in that merchant's name; `None` if the signature is not valid.
    #[must_use]
    pub fn signer(&self, identity: &Identity) -> Option<Address> {
        let digest = typed_data::receipt_digest(identity, &self.root(), self.anchor_by_s);
        typed_data::recover(&digest, &self.signature)
    }

    /// Checks that the promise is for a sale of `key_id`, that its deadline is within the bounds, and that its buyer is
    /// the sale's, if `opened` is the sale's body.
    ///
    /// # Errors
    /// `receipt_terms`, with the term that does not fit.
    pub fn check_terms(&self, key_id: &B256, opened: Option<&Opening>) -> Result<(), Refusal> {
        let event = &self.event;
        let anchor_by_ms = self.anchor_by_s.saturating_mul(1000);
        let broken = if event.key_id != *key_id {
            "it is for another key"
        } else if event.kind != Kind::Sold {
            "it promises something else than a sale"
        } else if anchor_by_ms < event.at_ms {
            "its deadline lies before the sale"
        } else if anchor_by_ms > event.at_ms.saturating_add(MAX_DELAY_MS) {
            "its deadline lies more than a day after the sale"
        } else if opened.is_some_and(|opening| !Sold::names(&opening.body, &self.buyer)) {
            "it promises the sale to another buyer than the sale names"
        } else {
            return Ok(());
        };
        Err(Refusal::new(Code::ReceiptTerms, broken))
    }

    /// Checks that the signer was one of the merchant's receipt keys at the time of the sale, and returns its address.
    ///
    /// # Errors
    /// `receipt_signature` if it was not.
    pub fn check_signature(&self, identity: &Identity, signers: &[SignerSpan]) -> Result<Address, Refusal> {
        let refuse = |why: &str| Refusal::new(Code::ReceiptSignature, why);
        let signer = self
            .signer(identity)
            .ok_or_else(|| refuse("it is no signature of the form that counts"))?;
        let mut spans = signers.iter().filter(|span| span.address == signer).peekable();
        if spans.peek().is_none() {
            return Err(refuse("its signer was never a receipt key of this merchant"));
        }
        if spans.any(|span| span.holds(self.event.at_ms)) {
            Ok(signer)
        } else {
            Err(refuse(
                "its signer was no receipt key of this merchant at the time of the sale",
            ))
        }
    }

    /// What became of the promise. `anchored_at_s` is the block time of the final epoch that holds the event, if one
    /// does, and `as_of_s` the time of the newest final block. `None` if the deadline passed without the event.
    #[must_use]
    pub fn status(&self, anchored_at_s: Option<u64>, as_of_s: u64) -> Option<Status> {
        match anchored_at_s {
            Some(anchored_at_s) if anchored_at_s <= self.anchor_by_s => Some(Status::Met),
            Some(_) => Some(Status::Late),
            None if as_of_s <= self.anchor_by_s => Some(Status::Pending),
            None => None,
        }
    }
}

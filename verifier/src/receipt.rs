//! Protocol §4: receipts. The merchant's signed promise that a sale will be anchored, handed out with the code.

use alloy_primitives::{Address, B256};

use crate::chain::{Identity, SignerSpan};
use crate::event::{KeyEvent, Kind, Opening};
use crate::vocabulary::typed_data::{self, SIGNATURE_BYTES};
use crate::{Code, Refusal, tree};

mod file;
mod purchase;

pub use file::{MAX_BYTES, Receipt};
pub use purchase::{Checked, MAX_CLOCK_MS, Terms, check_purchase};

/// The longest time from a sale to its anchoring deadline, milliseconds.
pub const MAX_DELAY_MS: u64 = 86_400_000;

/// What a receipt says, wherever it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The sale.
    pub event: KeyEvent,
    /// The sale's body, unless it is withheld.
    pub opening: Option<Opening>,
    /// The sale will be in a final epoch whose block time is not after this, Unix seconds.
    pub anchor_by_s: u64,
    /// From the event to the root that was signed; empty for a lone event.
    pub path: Vec<B256>,
    /// The receipt key's signature.
    pub signature: [u8; SIGNATURE_BYTES],
}

/// What became of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The event is in a final epoch that came in time.
    Met,
    /// The event is in a final epoch that came after the deadline.
    Late,
    /// The deadline is still ahead.
    Pending,
}

impl Status {
    /// The status as verdicts write it.
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
    /// The address that signed this for that merchant, if any did.
    #[must_use]
    pub fn signer(&self, identity: &Identity) -> Option<Address> {
        let root = tree::climb(&self.event.hash(), &self.path);
        let digest = typed_data::receipt_digest(identity, &root, self.anchor_by_s);
        typed_data::recover(&digest, &self.signature)
    }

    /// Whether this promises a sale of `key_id` within the bounds of a deadline.
    ///
    /// # Errors
    /// `receipt_terms`, with the term that does not fit.
    pub fn check_terms(&self, key_id: &B256) -> Result<(), Refusal> {
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
        } else {
            return Ok(());
        };
        Err(Refusal::new(Code::ReceiptTerms, broken))
    }

    /// The receipt key that signed this, in its span at the time of the sale.
    ///
    /// # Errors
    /// `receipt_signature` where there is none.
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

    /// What became of this, where `anchored_at_s` is the block time of the final epoch that holds the event, and
    /// `as_of_s` that of the newest final block. `None` is a deadline that passed without the event.
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

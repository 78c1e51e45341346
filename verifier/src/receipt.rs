//! Protocol §4: receipts. The merchant's signed promise that a sale will be anchored, handed out with the code.

use alloy_primitives::{Address, B256, keccak256};
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

use crate::chain::{Identity, SignerSpan};
use crate::event::{KeyEvent, Kind, Opening};
use crate::{Code, Refusal, tree};

mod file;
mod purchase;

pub use file::Receipt;
pub use purchase::{Checked, MAX_CLOCK_MS, Terms, check_purchase};

/// The longest time from a sale to its anchoring deadline, milliseconds.
pub const MAX_DELAY_MS: u64 = 86_400_000;

/// Bytes of a signature: `r(32) ‖ s(32) ‖ v(1)`.
pub const SIGNATURE_BYTES: usize = 65;

/// EIP-712: the type of a receipt.
const RECEIPT_TYPE: &str = "Receipt(bytes32 merchantId,bytes32 root,uint64 anchorBy)";

/// EIP-712: the type of the domain.
const DOMAIN_TYPE: &str = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

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

/// What a receipt key signs, by EIP-712.
#[must_use]
pub fn digest(identity: &Identity, root: &B256, anchor_by_s: u64) -> B256 {
    let number = |number: u64| B256::left_padding_from(&number.to_be_bytes());
    let domain = keccak256(
        [
            keccak256(DOMAIN_TYPE),
            keccak256("Shelfproof"),
            keccak256("1"),
            number(identity.chain_id),
            identity.registry.into_word(),
        ]
        .concat(),
    );
    let receipt = keccak256(
        [
            keccak256(RECEIPT_TYPE),
            identity.merchant_id,
            *root,
            number(anchor_by_s),
        ]
        .concat(),
    );
    keccak256([&[0x19, 0x01], domain.as_slice(), receipt.as_slice()].concat())
}

/// The address that signed `digest`; `None` where `v` is not 27 or 28, `s` is high, or there is no such signature.
#[must_use]
pub fn recover(digest: &B256, signature: &[u8; SIGNATURE_BYTES]) -> Option<Address> {
    let (rs, v) = signature.split_at(64);
    let recovery = RecoveryId::from_byte(v[0].checked_sub(27)?).filter(|id| !id.is_x_reduced())?;
    let parsed = Signature::from_slice(rs).ok()?;
    if parsed.normalize_s().is_some() {
        return None;
    }
    let key = VerifyingKey::recover_from_prehash(digest.as_slice(), &parsed, recovery).ok()?;
    Some(Address::from_raw_public_key(
        key.to_encoded_point(false).as_bytes().get(1..)?,
    ))
}

impl Promise {
    /// The address that signed this for that merchant, if any did.
    #[must_use]
    pub fn signer(&self, identity: &Identity) -> Option<Address> {
        let root = tree::climb(&self.event.hash(), &self.path);
        recover(&digest(identity, &root, self.anchor_by_s), &self.signature)
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

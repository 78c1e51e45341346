//! The protocol's codes: why something does not hold, or why that cannot be told.

use std::fmt;

/// A code of the protocol's section 5, in the order in which the checks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// Not of the form that the protocol gives.
    Malformed,
    /// A code that the protocol cannot name: letters beyond a–z, or no letter or digit at all.
    CodeUnusual,
    /// Another chain, registry or merchant than the one the verifier was told.
    WrongMerchant,
    /// The VRF proof does not lead from the typed code to the key id.
    KeyId,
    /// A header does not hash to what the contract holds.
    EpochUnknown,
    /// An epoch that is not yet in a final block.
    EpochNotFinal,
    /// An event that is no leaf of its epoch.
    Inclusion,
    /// Versions that are not 1…n.
    VersionGap,
    /// A `prev` that is not the hash before, or an epoch before its predecessor's.
    BrokenLink,
    /// A pair of consecutive kinds that the protocol does not allow.
    IllegalTransition,
    /// A time that runs back, or lies more than ten minutes after its block.
    Clock,
    /// A history proof that does not climb to the epoch's history root.
    HistoryRoot,
    /// A history that ends otherwise than the events shown.
    HistoryMismatch,
    /// A history superseded too long ago.
    Stale,
    /// An opened body that is not what its event commits to.
    Payload,
    /// A buyer asks, and the key was never sold.
    NotSold,
    /// A buyer asks, and the sale's body is not opened.
    BodyWithheld,
    /// The sale is another buyer's.
    NotYourSale,
    /// A receipt for another key, for no sale, or with a deadline out of bounds.
    ReceiptTerms,
    /// A receipt that no receipt key of the merchant signed at that time.
    ReceiptSignature,
    /// A receipt whose deadline passed without its event.
    ReceiptUnmet,
    /// A transfer whose other side was not shown.
    TransferUnverified,
}

impl Code {
    /// Every code, in the order in which the checks run.
    pub const ALL: [Self; 22] = [
        Self::Malformed,
        Self::CodeUnusual,
        Self::WrongMerchant,
        Self::KeyId,
        Self::EpochUnknown,
        Self::EpochNotFinal,
        Self::Inclusion,
        Self::VersionGap,
        Self::BrokenLink,
        Self::IllegalTransition,
        Self::Clock,
        Self::HistoryRoot,
        Self::HistoryMismatch,
        Self::Stale,
        Self::Payload,
        Self::NotSold,
        Self::BodyWithheld,
        Self::NotYourSale,
        Self::ReceiptTerms,
        Self::ReceiptSignature,
        Self::ReceiptUnmet,
        Self::TransferUnverified,
    ];

    /// The code as the protocol writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::CodeUnusual => "code_unusual",
            Self::WrongMerchant => "wrong_merchant",
            Self::KeyId => "key_id",
            Self::EpochUnknown => "epoch_unknown",
            Self::EpochNotFinal => "epoch_not_final",
            Self::Inclusion => "inclusion",
            Self::VersionGap => "version_gap",
            Self::BrokenLink => "broken_link",
            Self::IllegalTransition => "illegal_transition",
            Self::Clock => "clock",
            Self::HistoryRoot => "history_root",
            Self::HistoryMismatch => "history_mismatch",
            Self::Stale => "stale",
            Self::Payload => "payload",
            Self::NotSold => "not_sold",
            Self::BodyWithheld => "body_withheld",
            Self::NotYourSale => "not_your_sale",
            Self::ReceiptTerms => "receipt_terms",
            Self::ReceiptSignature => "receipt_signature",
            Self::ReceiptUnmet => "receipt_unmet",
            Self::TransferUnverified => "transfer_unverified",
        }
    }

    /// 2 where the verifier cannot tell, 1 where it refuses.
    #[must_use]
    pub const fn exit(self) -> u8 {
        match self {
            Self::CodeUnusual | Self::EpochNotFinal | Self::Stale | Self::BodyWithheld | Self::TransferUnverified => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why something does not hold: the code, and where and how in words for whoever must mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// The protocol's code.
    pub code: Code,
    /// The place and the rule. Never holds a code, a nonce or a secret.
    pub detail: String,
}

impl Refusal {
    /// A refusal by `code`, with the place and the rule in `detail`.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    /// What is not of the protocol's form.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(Code::Malformed, detail)
    }
}

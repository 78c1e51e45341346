//! Protocol §5: the codes. Each is a reason why something is refused, or why it cannot be decided.

use std::fmt;

/// A code of the protocol's section 5, in the order in which the checks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A file or body is not of the protocol's form.
    Malformed,
    /// The typed code has no canonical form: other letters than a–z, or no letter or digit at all.
    CodeUnusual,
    /// The chain, registry or merchant is not the one that the verifier was given.
    WrongMerchant,
    /// The VRF proof does not lead from the typed code to the key id.
    KeyId,
    /// A header does not hash to what the registry holds.
    EpochUnknown,
    /// An epoch is not in a final block yet.
    EpochNotFinal,
    /// An event is not a leaf of its epoch's events tree.
    Inclusion,
    /// The events' versions are not 1…n.
    VersionGap,
    /// A `prev` is not the previous event's hash, or an event's epoch is before the previous event's.
    BrokenLink,
    /// A kind follows one that it may not follow.
    IllegalTransition,
    /// A time is earlier than the previous event's, or more than ten minutes after its block.
    Clock,
    /// The history proof does not lead to the epoch's history root.
    HistoryRoot,
    /// The history ends with another event than the ones shown.
    HistoryMismatch,
    /// The history was superseded too long ago.
    Stale,
    /// An opened body is not the one that its event commits to.
    Payload,
    /// A buyer claims the sale, and the key was never sold.
    NotSold,
    /// A buyer claims the sale, and its body is not opened.
    BodyWithheld,
    /// The sale names another buyer.
    NotYourSale,
    /// A receipt is for another key, not for a sale, or has a deadline out of bounds.
    ReceiptTerms,
    /// A receipt is not signed by a key that was the merchant's receipt key at that time.
    ReceiptSignature,
    /// A receipt's deadline passed, and no epoch holds its event.
    ReceiptUnmet,
    /// A transfer's other side was not shown, or does not match.
    TransferUnverified,
    /// An audit found a breach at or before the history's epoch.
    AuditBreach,
    /// An audit was asked for, and none that is known covers the history's epoch.
    Unaudited,
}

impl Code {
    /// Every code, in the order in which the checks run.
    pub const ALL: [Self; 24] = [
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
        Self::AuditBreach,
        Self::Unaudited,
    ];

    /// The code as the protocol writes it, in `snake_case`.
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
            Self::AuditBreach => "audit_breach",
            Self::Unaudited => "unaudited",
        }
    }

    /// The exit status for this code: 1 if the verifier refuses, 2 if it cannot decide.
    #[must_use]
    pub const fn exit(self) -> u8 {
        match self {
            Self::CodeUnusual
            | Self::EpochNotFinal
            | Self::Stale
            | Self::BodyWithheld
            | Self::TransferUnverified
            | Self::Unaudited => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a check failed: the protocol's code, and the place and rule in English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Refusal {
    /// The protocol's code.
    pub code: Code,
    /// The place and the rule, in English. It never contains a key's code, a nonce or a secret.
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

    /// A refusal by [`Code::Malformed`].
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(Code::Malformed, detail)
    }
}

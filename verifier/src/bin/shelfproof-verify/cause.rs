//! The reasons why an answer does not hold: the protocol's codes, the audit's rules, and failures of the surroundings.

use shelfproof_verifier::Code;
use shelfproof_verifier::breach::Rule;

/// Exit status of a verdict that holds.
pub(crate) const HOLDS: u8 = 0;
/// Exit status of what is refused.
pub(crate) const REFUSED: u8 = 1;
/// Exit status of what cannot be decided.
pub(crate) const CANNOT_TELL: u8 = 2;

/// The reason why an answer does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A check of the protocol failed.
    Check(Code),
    /// An audit found a breach.
    Breach(Rule),
    /// A shop now names another merchant than the one that is pinned under the name.
    PinChanged,
    /// The command line is incomplete or contradicts itself.
    Usage,
    /// A file or value of the user's cannot be read.
    Input,
    /// A receipt is looked at too late to compare its time with the clock.
    ReceiptOld,
    /// A receipt's sale lies ahead of the clock.
    ClockBehind,
    /// Two bundles do not contradict each other.
    NoContradiction,
    /// A file of this program's own cannot be read or written.
    Storage,
    /// The node does not answer.
    RpcUnreachable,
    /// The node's answer is not usable.
    RpcAnswer,
    /// Too few of several nodes agree.
    RpcDisagree,
    /// The node serves another chain.
    WrongChain,
    /// There is no contract at the registry's address.
    NoContract,
    /// The contract at the registry's address is no release of the registry.
    RegistryUnknown,
    /// A final epoch's hash is not the one that this verifier saw before.
    Equivocation,
    /// The registry does not know the merchant.
    NotRegistered,
    /// The node names no final block.
    NoFinalBlock,
    /// The node has no log of an epoch that the registry holds.
    LogNotFound,
    /// Published data is missing, and that is no breach yet.
    DataMissing,
    /// Something between here and the shop may have answered in its place.
    Network,
    /// The user's copy of the published data is not what was anchored.
    CopyDiffers,
    /// An epoch's delta is missing or wrong.
    DeltaUnusable,
    /// The history map of an earlier audit is ahead of the node.
    MapAhead,
    /// The history map of an earlier audit is of another history than the chain's.
    MapDiffers,
    /// The audit holds, and could not be attested on the chain.
    NotAttested,
}

impl Cause {
    /// The causes in the surroundings: neither a check nor a breach.
    #[cfg(test)]
    pub(crate) const AROUND: [Self; 24] = [
        Self::PinChanged,
        Self::Usage,
        Self::Input,
        Self::ReceiptOld,
        Self::ClockBehind,
        Self::NoContradiction,
        Self::Storage,
        Self::RpcUnreachable,
        Self::RpcAnswer,
        Self::RpcDisagree,
        Self::WrongChain,
        Self::NoContract,
        Self::RegistryUnknown,
        Self::Equivocation,
        Self::NotRegistered,
        Self::NoFinalBlock,
        Self::LogNotFound,
        Self::DataMissing,
        Self::Network,
        Self::CopyDiffers,
        Self::DeltaUnusable,
        Self::MapAhead,
        Self::MapDiffers,
        Self::NotAttested,
    ];

    /// The code in the JSON answer and in the text's first line.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Check(code) => code.as_str(),
            Self::Breach(rule) => rule.as_str(),
            Self::PinChanged => "pin_changed",
            Self::Usage => "usage",
            Self::Input => "input",
            Self::ReceiptOld => "receipt_old",
            Self::ClockBehind => "clock_behind",
            Self::NoContradiction => "no_contradiction",
            Self::Storage => "storage",
            Self::RpcUnreachable => "rpc_unreachable",
            Self::RpcAnswer => "rpc_answer",
            Self::RpcDisagree => "rpc_disagree",
            Self::WrongChain => "wrong_chain",
            Self::NoContract => "no_contract",
            Self::RegistryUnknown => "registry_unknown",
            Self::Equivocation => "equivocation",
            Self::NotRegistered => "not_registered",
            Self::NoFinalBlock => "no_final_block",
            Self::LogNotFound => "log_not_found",
            Self::DataMissing => "data_missing",
            Self::Network => "network",
            Self::CopyDiffers => "copy_differs",
            Self::DeltaUnusable => "delta_unusable",
            Self::MapAhead => "map_ahead",
            Self::MapDiffers => "map_differs",
            Self::NotAttested => "not_attested",
        }
    }

    /// The exit status.
    pub(crate) const fn exit(self) -> u8 {
        match self {
            Self::Check(code) => code.exit(),
            Self::Breach(_) | Self::PinChanged | Self::Equivocation => REFUSED,
            _ => CANNOT_TELL,
        }
    }
}

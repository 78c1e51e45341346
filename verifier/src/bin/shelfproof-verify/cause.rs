//! Why a run does not end with "holds": the protocol's codes, the audit's rules, and what can fail around them.

use shelfproof_verifier::Code;
use shelfproof_verifier::vocabulary::breach::Rule;

/// Exit status of a verdict that holds.
pub(crate) const HOLDS: u8 = 0;
/// Exit status of what is refused.
pub(crate) const REFUSED: u8 = 1;
/// Exit status where it cannot be told.
pub(crate) const CANNOT_TELL: u8 = 2;

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A check of the protocol's section 5 fails.
    Check(Code),
    /// An audit found a breach.
    Breach(Rule),
    /// A pinned name is answered for with other ids than before.
    PinChanged,
    /// The command line is not understood.
    Usage,
    /// A file or a value that was given cannot be read.
    Input,
    /// Something of our own cannot be written or read back.
    Storage,
    /// No node answers.
    RpcUnreachable,
    /// A node answers with what cannot be used.
    RpcAnswer,
    /// The node serves another chain.
    WrongChain,
    /// No contract stands at the registry's address.
    NoContract,
    /// The registry does not know the merchant.
    NotRegistered,
    /// The node names no final block.
    NoFinalBlock,
    /// The node does not show where an epoch was anchored.
    LogNotFound,
    /// Published data is missing, and it is too early or not for us to call that a breach.
    DataMissing,
    /// A copy of the published data on this machine is not what was anchored.
    CopyDiffers,
    /// The history map kept from an earlier audit is ahead of the node.
    MapAhead,
    /// The history map kept from an earlier audit is of another history than the chain's.
    MapDiffers,
}

impl Cause {
    /// Those that are neither a check nor a breach.
    #[cfg(test)]
    pub(crate) const AROUND: [Self; 15] = [
        Self::PinChanged,
        Self::Usage,
        Self::Input,
        Self::Storage,
        Self::RpcUnreachable,
        Self::RpcAnswer,
        Self::WrongChain,
        Self::NoContract,
        Self::NotRegistered,
        Self::NoFinalBlock,
        Self::LogNotFound,
        Self::DataMissing,
        Self::CopyDiffers,
        Self::MapAhead,
        Self::MapDiffers,
    ];

    /// The code that machines read.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Check(code) => code.as_str(),
            Self::Breach(rule) => rule.as_str(),
            Self::PinChanged => "pin_changed",
            Self::Usage => "usage",
            Self::Input => "input",
            Self::Storage => "storage",
            Self::RpcUnreachable => "rpc_unreachable",
            Self::RpcAnswer => "rpc_answer",
            Self::WrongChain => "wrong_chain",
            Self::NoContract => "no_contract",
            Self::NotRegistered => "not_registered",
            Self::NoFinalBlock => "no_final_block",
            Self::LogNotFound => "log_not_found",
            Self::DataMissing => "data_missing",
            Self::CopyDiffers => "copy_differs",
            Self::MapAhead => "map_ahead",
            Self::MapDiffers => "map_differs",
        }
    }

    /// The exit status.
    pub(crate) const fn exit(self) -> u8 {
        match self {
            Self::Check(code) => code.exit(),
            Self::Breach(_) | Self::PinChanged => REFUSED,
            _ => CANNOT_TELL,
        }
    }
}

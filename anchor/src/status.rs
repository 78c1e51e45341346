//! What a program that keeps a history is doing, for whoever asks: over HTTP, in the database, on a terminal.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use shelfproof_verifier::chain::rpc::RpcError;

/// What keeps a history on its way, or keeps it from going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It has just begun.
    #[default]
    Starting,
    /// Another process anchors; this one takes over when that one ends.
    Standby,
    /// All is well.
    Working,
    /// The chain's node does not answer.
    RpcUnreachable,
    /// The node answers with something that cannot be used.
    RpcRefused,
    /// The node serves another chain.
    WrongChain,
    /// Nothing that is this merchant's stands at the registry's address.
    NotRegistered,
    /// The registry takes epochs from another account.
    NotAnchorer,
    /// The merchant retired: the registry takes no more epochs.
    Retired,
    /// The account cannot pay for the next epoch.
    NoFunds,
    /// The chain holds an epoch that the database does not know: the database is an old one, or somebody else anchors.
    RefusedParent,
    /// A transaction waits for its block for longer than it should.
    Slow,
    /// So many epochs wait for their final block that no more are cut.
    Full,
    /// The database does not answer.
    DatabaseUnreachable,
    /// What the database holds breaks the protocol, and must not be anchored.
    BadHistory,
    /// The folder cannot be written, or what it holds is damaged.
    Storage,
    /// An epoch's data is not to be had: a mirror waits for it.
    DataMissing,
}

impl Condition {
    /// Every condition.
    pub const ALL: [Self; 17] = [
        Self::Starting,
        Self::Standby,
        Self::Working,
        Self::RpcUnreachable,
        Self::RpcRefused,
        Self::WrongChain,
        Self::NotRegistered,
        Self::NotAnchorer,
        Self::Retired,
        Self::NoFunds,
        Self::RefusedParent,
        Self::Slow,
        Self::Full,
        Self::DatabaseUnreachable,
        Self::BadHistory,
        Self::Storage,
        Self::DataMissing,
    ];

    /// The condition as programs read it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Standby => "standby",
            Self::Working => "working",
            Self::RpcUnreachable => "rpc_unreachable",
            Self::RpcRefused => "rpc_refused",
            Self::WrongChain => "wrong_chain",
            Self::NotRegistered => "not_registered",
            Self::NotAnchorer => "not_anchorer",
            Self::Retired => "retired",
            Self::NoFunds => "no_funds",
            Self::RefusedParent => "refused_parent",
            Self::Slow => "slow",
            Self::Full => "full",
            Self::DatabaseUnreachable => "database_unreachable",
            Self::BadHistory => "bad_history",
            Self::Storage => "storage",
            Self::DataMissing => "data_missing",
        }
    }

    /// What a node's failure is to whoever looks after the program.
    #[must_use]
    pub const fn of_node(error: &RpcError) -> Self {
        match error {
            RpcError::Http(_) => Self::RpcUnreachable,
            RpcError::WrongChain { .. } => Self::WrongChain,
            RpcError::NoContract | RpcError::NotRegistered => Self::NotRegistered,
            _ => Self::RpcRefused,
        }
    }

    /// The condition as a sentence for anybody: what only its own people may read stays in the log.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Starting | Self::Working => "",
            Self::Standby => "Another process anchors, and this one waits.",
            Self::RpcUnreachable => "The chain's node does not answer.",
            Self::RpcRefused => "The chain's node refuses.",
            Self::WrongChain => "The node serves another chain.",
            Self::NotRegistered => "The registry does not know this merchant with this shelf's key.",
            Self::NotAnchorer => "The registry takes epochs from another account.",
            Self::Retired => "The merchant has retired.",
            Self::NoFunds => "The account that anchors has run out of funds.",
            Self::RefusedParent => "The chain holds an epoch that the database does not know.",
            Self::Slow => "A transaction waits long for its block.",
            Self::Full => "Too many epochs wait for their final block.",
            Self::DatabaseUnreachable => "The database does not answer.",
            Self::BadHistory => "The events break the protocol, and are not anchored.",
            Self::Storage => "The history's folder cannot be used.",
            Self::DataMissing => "An epoch's data is not to be had.",
        }
    }

    /// Whether nothing needs to be done about it.
    #[must_use]
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Starting | Self::Standby | Self::Working)
    }
}

/// Where a history stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// What it is doing.
    pub condition: Condition,
    /// That in words, with what to do; empty where all is well.
    pub detail: String,
    /// When this was said, Unix milliseconds.
    pub at_ms: u64,
    /// The newest epoch that is final and in the history map; 0 is none.
    pub final_epoch: u64,
    /// Its hash; zero for none.
    pub final_hash: B256,
    /// The newest epoch that is worked out, final or not.
    pub computed_epoch: u64,
    /// Seconds until the next epoch is cut at the latest, if there is anything to seal; none where nobody cuts here.
    pub next_cut_in_s: Option<u64>,
    /// Seconds that the last epoch took from its cut until it was final.
    pub cut_to_final_s: Option<u64>,
}

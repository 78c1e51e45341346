//! The status of an anchor or a mirror, as HTTP, the database, metrics and the terminal show it.
//!
//! A new condition gets its variant, its place in [`Condition::ALL`], a name and a sentence.

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use shelfproof_verifier::chain::rpc::RpcError;

/// What the program is doing, or what keeps it from working.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It has just started.
    #[default]
    Starting,
    /// Another process has the lock; this one takes over when that one ends.
    Standby,
    Working,
    /// The chain's node does not answer.
    RpcUnreachable,
    /// The node refuses, or its answer cannot be used.
    RpcRefused,
    /// The node serves another chain.
    WrongChain,
    /// The registry does not know this merchant, or knows it with another VRF key.
    NotRegistered,
    /// The registry takes epochs from another account.
    NotAnchorer,
    /// The merchant retired: the registry takes no more epochs.
    Retired,
    /// The account cannot pay for the next epoch.
    NoFunds,
    /// The chain holds an epoch that the database lacks: the database is an old one, or another program anchors.
    RefusedParent,
    /// The receipt journal has sales that the database lacks: the database is an old one.
    JournalAhead,
    /// The receipt journal cannot be read, so that nobody can tell whether the database is an old one.
    JournalUnreadable,
    /// A transaction has waited too long for its block.
    Slow,
    /// The chain's newest block is too far behind the newest event of the next epoch, which waits for a later one.
    ChainBehind,
    /// The next epoch's data or delta is not where the public reads it, and the epoch waits.
    NotPublished,
    /// As many epochs as are allowed wait for their final block: no more are cut.
    Full,
    /// The database does not answer.
    DatabaseUnreachable,
    /// The database's events break the protocol and must not be anchored.
    BadHistory,
    /// The history folder cannot be written, or is damaged.
    Storage,
    /// A mirror waits for an epoch's data.
    DataMissing,
}

impl Condition {
    pub const ALL: [Self; 21] = [
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
        Self::JournalAhead,
        Self::JournalUnreadable,
        Self::Slow,
        Self::ChainBehind,
        Self::NotPublished,
        Self::Full,
        Self::DatabaseUnreachable,
        Self::BadHistory,
        Self::Storage,
        Self::DataMissing,
    ];

    /// The condition's name in JSON and metrics.
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
            Self::JournalAhead => "journal_ahead",
            Self::JournalUnreadable => "journal_unreadable",
            Self::Slow => "slow",
            Self::ChainBehind => "chain_behind",
            Self::NotPublished => "not_published",
            Self::Full => "full",
            Self::DatabaseUnreachable => "database_unreachable",
            Self::BadHistory => "bad_history",
            Self::Storage => "storage",
            Self::DataMissing => "data_missing",
        }
    }

    /// The condition of a program whose node fails like this.
    #[must_use]
    pub const fn of_node(error: &RpcError) -> Self {
        match error {
            RpcError::Http(_) => Self::RpcUnreachable,
            RpcError::WrongChain { .. } => Self::WrongChain,
            RpcError::NoContract | RpcError::NotRegistered => Self::NotRegistered,
            _ => Self::RpcRefused,
        }
    }

    /// A sentence for the public; details that only the operator may read are in the log.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Starting | Self::Working => "",
            Self::Standby => "Another process anchors, and this one waits.",
            Self::RpcUnreachable => "The chain's node does not answer.",
            Self::RpcRefused => "The chain's node refuses.",
            Self::WrongChain => "The node serves another chain.",
            Self::NotRegistered => "The registry does not know this merchant with this shop's key.",
            Self::NotAnchorer => "The registry takes epochs from another account.",
            Self::Retired => "The merchant has retired.",
            Self::NoFunds => "The account that anchors has run out of funds.",
            Self::RefusedParent => "The chain holds an epoch that the database does not know.",
            Self::JournalAhead => "The database lacks sales that the receipt journal has.",
            Self::JournalUnreadable => "The receipt journal cannot be read.",
            Self::Slow => "A transaction waits long for its block.",
            Self::ChainBehind => "The chain's newest block is too far behind the events, and the next epoch waits.",
            Self::NotPublished => "The next epoch's data is not where it is to be published, and the epoch waits.",
            Self::Full => "Too many epochs wait for their final block.",
            Self::DatabaseUnreachable => "The database does not answer.",
            Self::BadHistory => "The events break the protocol, and are not anchored.",
            Self::Storage => "The history's folder cannot be used.",
            Self::DataMissing => "An epoch's data cannot be fetched.",
        }
    }

    /// Whether no operator needs to act.
    #[must_use]
    pub const fn is_well(self) -> bool {
        matches!(self, Self::Starting | Self::Standby | Self::Working)
    }
}

/// How far a history has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub condition: Condition,
    /// The condition in words, with what to do; empty where all is well.
    pub detail: String,
    /// When this was reported, Unix milliseconds.
    pub at_ms: u64,
    /// The newest epoch in the history map; 0 for none.
    pub final_epoch: u64,
    /// Its hash; zero for none.
    pub final_hash: B256,
    /// The newest epoch with committed roots, final or not.
    pub computed_epoch: u64,
    /// Seconds until the next epoch is cut at the latest, if any event waits; `None` in a mirror.
    pub next_cut_in_s: Option<u64>,
    /// Seconds from the last epoch's cut until it was final.
    pub cut_to_final_s: Option<u64>,
}

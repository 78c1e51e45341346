//! Errors of reading the registry from a node.

use alloy::contract::Error as ContractError;
use alloy::transports::{RpcError as AlloyError, TransportError, TransportErrorKind};
use alloy_primitives::B256;

use shelfproof_base::client::HttpError;

/// The most characters kept of a node's error message.
const MAX_MESSAGE_CHARS: usize = 300;

/// Why the chain could not be read.
#[derive(Debug, thiserror::Error)]
pub enum RpcError {
    /// The address, the connection or the transfer failed.
    #[error("{0}")]
    Http(#[from] HttpError),
    /// The node answered with an error. The message is the node's, shortened, and may contain any character.
    #[error("{method}: the node answers with error {code}: {message}")]
    Refused {
        /// The method that was called.
        method: &'static str,
        /// The node's error number.
        code: i64,
        /// Its message.
        message: String,
    },
    /// The node's answer does not have the method's form, or contradicts another answer.
    #[error("{method}: the node's answer cannot be used: {why}")]
    Answer {
        /// The method that was called.
        method: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The node serves another chain.
    #[error("the node serves chain {found}, not chain {told}")]
    WrongChain {
        /// The chain that the user gave or has pinned.
        told: u64,
        /// The node's.
        found: u64,
    },
    /// There is no contract at the registry's address.
    #[error("no contract stands at the registry's address in the newest block")]
    NoContract,
    /// The contract at the registry's address is no release of the registry.
    #[error("the code at the registry's address ({bytes} bytes, keccak-256 {hash}) is that of no release")]
    RegistryUnknown {
        /// The length of its code.
        bytes: usize,
        /// The hash of its code, immutables included.
        hash: B256,
    },
    /// The registry does not know the merchant.
    #[error("the registry does not know this merchant in the newest block")]
    NotRegistered,
    /// The node names no final block.
    #[error("the node names no final block; where its chain has no such tag, say with --confirmations what is final")]
    NoFinalBlock,
    /// The registry holds the epoch's hash, but no header file and none of the node's logs hashes to it.
    #[error(
        "neither a published header of epoch {number} nor an EpochAnchored log of the node hashes to what the registry \
         holds"
    )]
    NoLog {
        /// The epoch.
        number: u64,
    },
    /// The node serves no logs at all. The message is the node's, shortened, and may contain any character.
    #[error("the node serves no logs (eth_getLogs: {message}); name another with --rpc")]
    NoLogs {
        /// The node's words.
        message: String,
    },
    /// The node's newest block is below a block that it called final.
    #[error(
        "the node names block {newest} as its newest after it named block {at} as final: one of the machines behind \
         its address lags, so ask again or name another node"
    )]
    Lags {
        /// The number of the newest block.
        newest: u64,
        /// That of the final one.
        at: u64,
    },
    /// The node's registry has a latest epoch, and lacks one before it or one that was final before, or tells two
    /// hashes of it.
    #[error(
        "the node says that epoch {latest} is the latest, and lacks epoch {number} or tells another hash of it than \
         before: one of the machines behind its address lags, so ask again or name another node"
    )]
    Contradicts {
        /// The epoch that it lacks or tells otherwise.
        number: u64,
        /// The latest that it told.
        latest: u64,
    },
    /// Several nodes hold different things of an epoch. The words tell what each says.
    #[error("the nodes do not say the same of epoch {number}{words}")]
    Apart {
        /// The epoch.
        number: u64,
        /// What each of them says.
        words: String,
    },
    /// The error of one of several nodes.
    #[error("{node}: {error}")]
    OfNode {
        /// Its name.
        node: String,
        /// Its error.
        error: Box<Self>,
    },
    /// No log of the node names a receipt key, although a registration adds one.
    #[error(
        "no log of the node names a receipt key of this merchant, although its registration added one: the node shows \
         no old logs, so name another with --rpc"
    )]
    NoOldLogs,
    /// The search for logs reached its bound.
    #[error("the search for logs stopped after {queries} queries")]
    SearchTooLong {
        /// The number of queries that were made.
        queries: u32,
    },
}

impl RpcError {
    /// An error for an answer that is not usable.
    pub(super) fn answer(method: &'static str, why: impl Into<String>) -> Self {
        Self::Answer {
            method,
            why: why.into(),
        }
    }

    /// The error of a call of `method`.
    pub(super) fn call(method: &'static str, error: TransportError) -> Self {
        match error {
            AlloyError::ErrorResp(payload) => Self::Refused {
                method,
                code: payload.code,
                message: cut(&payload.message),
            },
            AlloyError::Transport(TransportErrorKind::Custom(error)) => match error.downcast::<HttpError>() {
                Ok(http) => Self::Http(*http),
                Err(other) => Self::answer(method, cut(&other.to_string())),
            },
            // Leaves out the answer's text, which is unbounded.
            AlloyError::DeserError { err, .. } => Self::answer(method, cut(&err.to_string())),
            other => Self::answer(method, cut(&other.to_string())),
        }
    }

    /// The error of a call of the registry's `view`.
    #[must_use]
    pub fn contract(view: &'static str, error: ContractError) -> Self {
        match error {
            ContractError::TransportError(error) => Self::call(view, error),
            other => Self::answer(view, cut(&other.to_string())),
        }
    }

    /// Whether the contract itself refused the call.
    pub(super) fn is_revert(&self) -> bool {
        // Most nodes use error 3 for a revert; others say so in the message.
        matches!(self, Self::Refused { code, message, .. } if *code == 3 || message.contains("revert"))
    }

    /// By how much a range of blocks shrinks before the node is asked for its logs again; `None` if that does not help.
    pub(super) fn divides_range(&self) -> Option<u64> {
        match self {
            Self::Refused { code, message, .. } if has_no_logs(*code, message) || is_used_up(*code, message) => None,
            // It was sent several times before, with pauses.
            Self::Refused { code, message, .. } if is_rate_limit(*code, message) => Some(8),
            Self::Refused { .. } => Some(2),
            Self::Http(
                HttpError::TooLarge { .. }
                | HttpError::TimedOut
                | HttpError::Unreachable(_)
                | HttpError::Status(400 | 413 | 500..),
            ) => Some(8),
            _ => None,
        }
    }

    /// The number of blocks that the node says it would answer for, if it is from 1 to `most`.
    pub(super) fn names_blocks(&self, most: u64) -> Option<u64> {
        let Self::Refused { message, .. } = self else {
            return None;
        };
        let fits = |blocks: &u64| (1..=most).contains(blocks);
        let named = || {
            let (from, rest) = message.split_once('[')?.1.split_once(',')?;
            let (to, _) = rest.split_once(']')?;
            number(to)?.checked_sub(number(from)?)?.checked_add(1)
        };
        // A number of results that is taken for one of blocks does no harm.
        let largest = || {
            let words = message.split(|c: char| !c.is_ascii_alphanumeric() && c != ',');
            words
                .filter_map(|word| number(&word.replace(',', "")))
                .filter(fits)
                .max()
        };
        named().filter(fits).or_else(largest)
    }

    /// The error of a query for logs that no smaller range helps: a node may serve none at all.
    pub(super) fn of_logs(self) -> Self {
        match self {
            Self::Refused { code, message, .. } if has_no_logs(code, &message) => Self::NoLogs { message },
            other => other,
        }
    }
}

/// Reads a number, decimal or with 0x before.
fn number(word: &str) -> Option<u64> {
    let word = word.trim();
    match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    }
}

fn says(message: &str, words: &[&str]) -> bool {
    words.iter().any(|word| message.contains(word))
}

/// Whether a node's error means too many requests. Some nodes use the same number for a search with too many results,
/// for which only a smaller range helps.
pub(super) fn is_rate_limit(code: i64, message: &str) -> bool {
    let message = message.to_lowercase();
    says(&message, &["rate limit", "rate-limit", "too many requests", "throttl"])
        || is_used_up(code, &message)
        || (matches!(code, -32005 | 429) && !says(&message, &["result", "range", "block", "logs", "response size"]))
}

/// Whether a node's error means that no more requests are answered for a while, however small they are.
fn is_used_up(code: i64, message: &str) -> bool {
    let message = message.to_lowercase();
    code == -32097
        || says(
            &message,
            &["request count", "too many requests", "requests per", "quota", "credits"],
        )
}

/// Whether a node's answer to a query for logs means that it serves none.
fn has_no_logs(code: i64, message: &str) -> bool {
    let message = message.to_lowercase();
    let refuses = [
        "not found",
        "not exist",
        "not available",
        "not supported",
        "unsupported",
        "disabled",
        "not allowed",
        "not whitelisted",
        "in batch triggered",
    ];
    matches!(code, -32601 | -32004) || (says(&message, &["method", "eth_getlogs"]) && says(&message, &refuses))
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_MESSAGE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_often_is_not_too_much() {
        for (code, message) in [
            (-32005, "limit exceeded"),
            (-32005, "daily request count exceeded, request rate limited"),
            (429, "slow down"),
            (-32000, "Too Many Requests"),
        ] {
            assert!(is_rate_limit(code, message), "{message}");
        }
        for (code, message) in [
            (-32005, "query returned more than 10000 results"),
            (-32005, "block range is too wide"),
            (-32602, "ranges over 10000 blocks are not supported"),
        ] {
            assert!(!is_rate_limit(code, message), "{message}");
            let refused = RpcError::Refused {
                method: "eth_getLogs",
                code,
                message: message.to_owned(),
            };
            assert_eq!(refused.divides_range(), Some(2), "{message}");
        }
    }
}

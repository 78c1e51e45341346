//! Errors of reading the registry from a node.

use alloy::contract::Error as ContractError;
use alloy::transports::{RpcError as AlloyError, TransportError, TransportErrorKind};

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
    /// There is no contract at the registry's address, as of the final block.
    #[error("no contract stands at the registry's address in the newest final block")]
    NoContract,
    /// The registry does not know the merchant, as of the final block.
    #[error("the registry does not know this merchant in the newest final block")]
    NotRegistered,
    /// The node names no final block.
    #[error("the node names no final block")]
    NoFinalBlock,
    /// The registry holds the epoch's hash, but the node shows no log that hashes to it.
    #[error("the node shows no EpochAnchored log that hashes to what the registry holds for epoch {number}")]
    NoLog {
        /// The epoch.
        number: u64,
    },
    /// The search for logs reached its bound.
    #[error("the search for EpochAnchored logs stopped after {queries} queries")]
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

    /// Whether the node may answer a query for a smaller range of blocks.
    pub(super) fn may_be_range(&self) -> bool {
        match self {
            Self::Refused { code, message, .. } => !is_rate_limit(*code, message),
            Self::Http(HttpError::TooLarge { .. } | HttpError::TimedOut) => true,
            _ => false,
        }
    }
}

/// Whether a node's error means too many requests. Some nodes use the same number for a search with too many results,
/// for which only a smaller range helps.
pub(super) fn is_rate_limit(code: i64, message: &str) -> bool {
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    says(&["rate limit", "rate-limit", "too many requests", "throttl"])
        || (matches!(code, -32005 | 429) && !says(&["result", "range", "block", "logs", "response size"]))
}

/// Whether the call failed before the contract could answer.
pub(super) fn is_outage(error: &ContractError) -> bool {
    match error {
        // Most nodes use error 3 for a revert; others say so in the message.
        ContractError::TransportError(AlloyError::ErrorResp(payload)) => {
            payload.code != 3 && !payload.message.contains("revert")
        }
        ContractError::TransportError(_) => true,
        _ => false,
    }
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
            assert!(refused.may_be_range(), "{message}");
        }
    }
}

//! The Shelfproof protocol, version 1: what a merchant commits to, what a buyer checks, what an auditor replays.
//!
//! The modules follow the protocol's sections:
//!
//! - §1: [`code`] and [`vrf`], from a code to its key id.
//! - §2: [`event`] and [`buyer`]; the bodies of events are in [`vocabulary`].
//! - §3: [`epoch`], [`tree`] (the events tree), [`history`] (the history map's trie) and [`delta`].
//! - §4: [`receipt`].
//! - §5: [`json`] (the lexical rules), [`bundle`], [`verdict`], [`transfer`], and [`refusal`] with the codes.
//! - §6: [`audit`]; [`contradiction`] makes the evidence of a dispute out of two bundles.
//! - [`chain`]: what the registry holds of a merchant, from a file or from a node.
//!
//! The library reads no file, socket or clock, and never panics: bytes and times are arguments, and a check that fails
//! returns a [`Refusal`] with the protocol's code. The exceptions are behind features: `rpc` adds reading the registry
//! from a node (`chain::rpc`) and the merchant's data from a server (`published`), `map` the history map on disk
//! (`map`).

#![deny(missing_docs)]

pub mod audit;
pub mod breach;
pub mod bundle;
pub mod buyer;
pub mod chain;
pub mod code;
pub mod contradiction;
pub mod delta;
pub mod epoch;
pub mod event;
pub mod history;
pub mod json;
#[cfg(feature = "map")]
pub mod map;
#[cfg(feature = "rpc")]
pub mod published;
pub mod receipt;
pub mod refusal;
pub mod transfer;
pub mod tree;
pub mod verdict;
pub mod vocabulary;
pub mod vrf;

pub use alloy_primitives::{Address, B256, U256};
pub use refusal::{Code, Refusal};

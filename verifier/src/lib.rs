//! The Shelfproof protocol, version 1: what a merchant commits to, what a buyer checks, what an auditor replays.
//!
//! The modules follow the protocol's sections. None of them reads a file, a socket or a clock, and none panics on any
//! input: bytes and times are arguments, and what is wrong comes back as data, a [`Refusal`] with the protocol's code.
//! Only three modules do I/O, behind features: [`chain`] reads the registry and [`published`] the merchant's data (`rpc`),
//! [`map`] keeps the history map on disk (`map`).

#![deny(missing_docs)]

pub mod audit;
pub mod bundle;
pub mod buyer;
pub mod chain;
pub mod code;
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

pub use alloy_primitives::{Address, B256};
pub use refusal::{Code, Refusal};

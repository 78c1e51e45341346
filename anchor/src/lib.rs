//! From events to epochs to the chain, and from there to history proofs.
//!
//! - `cut_policy` (pure) decides when an epoch is cut; `sequence` brings it from the cut to the final block, killable at every
//!   write (`step`); `run` does that round after round, and reports how it goes (`status`, `metrics`);
//! - `history` is the folder with the history map, what proofs are made from, and the published data;
//! - `tx` is one account's transactions, with fees (`tx::fee`, pure) in a place of their own; `register` and `rotate` are the owner's;
//! - `replay` and `follow` make the same history from the chain and the published data alone;
//! - `http` answers proofs; `fence` tells whether a database is as far as the chain;
//! - `store` is the schema `attest`, with all of this package's SQL; `config`: the sections of the configuration that this program reads.
//!
//! Formats, trees and checks are the verifier's: this package imports them, never the reverse.

pub mod config;
pub mod cut_policy;
pub mod fence;
pub mod follow;
pub mod history;
pub mod http;
pub mod metrics;
pub mod register;
pub mod replay;
pub mod rotate;
pub mod run;
pub mod sequence;
pub mod status;
pub mod step;
pub mod store;
pub mod tx;

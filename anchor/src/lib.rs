//! From events to epochs to the chain, and from there to history proofs.
//!
//! - `seal` (pure) says when an epoch is cut; `sequence` brings it from the cut to the final block, killable at every write; `run` does
//!   that round after round, and tells how it goes (`status`, `figures`);
//! - `history` is the folder with the history map, what proofs are made from, and the published data (`publish`);
//! - `tx` is one account's transactions, with fees (`tx::fee`, pure) in a place of their own; `register` and `rotate` are the owner's;
//! - `replay` and `follow` make the same history from the chain and the published data alone;
//! - `http` answers proofs; `fence` tells whether a database is as far as the chain;
//! - `store` is the schema `attest`, with all of this package's SQL; `config`: this program's sections of the configuration.
//!
//! Formats, trees and checks are the verifier's: this package imports them, never the reverse.

pub mod config;
pub mod fence;
pub mod figures;
pub mod follow;
pub mod history;
pub mod http;
pub mod publish;
pub mod register;
pub mod replay;
pub mod rotate;
pub mod run;
pub mod seal;
pub mod sequence;
pub mod status;
pub mod store;
pub mod tx;

//! From events to epochs to the chain, and from there to history proofs.
//!
//! Little more than its place yet. What will live here:
//!
//! - `seal`: which committed events make the next epoch (pure);
//! - `sequence`: from the cut to the final block, killable at every line;
//! - `publish`: the epoch's data file;
//! - `prove`: history proofs against the last final epoch, over the verifier's history map;
//! - `tx`: signing, fees and nonces of the one key that anchors;
//! - `reorg`: what a chain that turned back asks for (pure);
//! - `store`: the schema `attest`, with all of this package's SQL.
//!
//! Formats, trees and checks are the verifier's: this package imports them, never the reverse.

pub mod history;
pub mod http;
pub mod keyfile;
pub mod output;
pub mod publish;
pub mod register;
pub mod replay;
pub mod status;
pub mod store;

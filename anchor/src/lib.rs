//! From events to epochs to the chain, and from there to history proofs.
//!
//! - `cut_policy` (pure) decides when an epoch is cut; `sequence` computes it and stores an intent to anchor it;
//!   `submit` brings intents onto the chain; `run` does both, side by side, and reports how they go (`status`,
//!   `metrics`). Every write of theirs is a `step`, after which they may be killed;
//! - `tx` signs, stores and sends transactions, for the anchor and for `owner`: what an owner deploys, registers and
//!   changes;
//! - `history` is the folder with the history map, the epochs' proofs, and the published data; `http` answers from it;
//! - `replay` builds the same history from the chain and the published data alone, `follow` keeps it up to date;
//! - `fence` compares a database with the chain, `journal` with the receipt journal;
//! - `store` is the schema `attest`, with all SQL of this package; `config` has the sections of the configuration that
//!   this program reads.
//!
//! Formats, trees and checks are the verifier's: this package imports them, never the reverse.

pub mod config;
pub mod cut_policy;
pub mod fence;
pub mod follow;
pub mod history;
pub mod http;
pub mod journal;
pub mod metrics;
pub mod owner;
pub mod replay;
pub mod run;
pub mod sequence;
pub mod status;
pub mod step;
pub mod store;
pub mod submit;
pub mod tx;

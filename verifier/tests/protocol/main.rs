//! The protocol as a whole: with the vectors, with honest merchants, and with every way to cheat.

#![allow(clippy::unwrap_used, reason = "all of this crate is tests, helpers too")]

mod audit_records;
mod audits;
mod bodies;
mod bounds;
mod contradictions;
mod deltas;
mod evidence;
mod flips;
mod histories;
#[cfg(feature = "map")]
mod map;
mod purchases;
mod test_merchant;
mod transfers;
mod trie;
mod vectors;

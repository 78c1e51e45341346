//! The protocol as a whole: against the vectors, on honest shelves, and on every cheat.

#![allow(clippy::unwrap_used, reason = "all of this crate is tests, helpers too")]

mod audits;
mod bounds;
mod flips;
mod histories;
#[cfg(feature = "map")]
mod map;
mod purchases;
mod shelf;
mod transfers;
mod trie;
mod vectors;

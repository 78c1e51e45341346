//! The protocol as a whole: against the vectors, on honest shelves, and on every cheat.

#![allow(clippy::unwrap_used, reason = "all of this crate is tests, helpers too")]

mod audits;
mod bodies;
mod bounds;
mod evidence;
mod flips;
mod histories;
mod purchases;
mod shelf;
mod transfers;
mod vectors;

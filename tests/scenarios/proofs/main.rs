//! Proofs: what `shelfproof-verify` answers to honest bundles, to forged ones and to a shop that cheats.
//!
//! `rpc` runs it against the vectors on a real chain, `forger` and `cheats` against dishonest shops. `openzeppelin` and
//! `fuzz` check the formats themselves. A new forgery or cheat also needs its expected result here.

mod cheats;
mod forger;
mod fuzz;
mod openzeppelin;
mod rpc;
mod vector_chain;

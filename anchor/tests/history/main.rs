//! A history in a folder, from events to proofs that the verifier takes, over HTTP too.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod damage;
mod deltas;
mod epochs;
mod headers;
mod proofs;
mod prover;
mod shop;

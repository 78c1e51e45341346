//! The harness of Shelfproof's tests: real tools as child processes that cannot outlive the test, and the benchmarks.
//!
//! Nothing here panics: what goes wrong comes back with the child's own log, for the test to fail with.

pub mod anchored_shop;
pub mod anvil;
pub mod cheats;
pub mod child;
pub mod client;
pub mod codes;
pub mod event_writer;
pub mod forger;
pub mod load;
pub mod merchant_chain;
pub mod node;
pub mod permit;
pub mod postgres;
pub mod sample_rows;
pub mod shop;
pub mod tools;
pub mod vector_chain;
pub mod vectors;
pub mod web;

/// What the harness says when something outside the test fails; the message holds the cause and the child's log.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

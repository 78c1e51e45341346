//! The harness: what the scenarios, the demo and the benchmarks share.
//!
//! - Processes: [`child`], [`postgres`], [`anvil`], [`tools`] (where programs are found and built), [`permit`] (how
//!   many tests run servers at the same time).
//! - Shops: [`shop::TestShop`] runs the real programs over a database of its own; [`shop::StockedShop`] adds a product
//!   and a paying account, [`anchored_shop::AnchoredShop`] a chain and an anchor. [`sample_rows`] and [`event_writer`]
//!   fill a database without any program.
//! - Chains: [`merchant_chain`] (one registered merchant), [`vector_chain`] (the protocol's vectors).
//! - Dishonest shops: [`cheats`] and [`forger`]; [`patience`] lets an auditor's hour pass.
//!
//! Functions return an error with the child's log instead of panicking. To add a helper that several scenarios need,
//! write a module here and list it above; a helper for a single scenario stays beside that scenario.

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
pub mod pages;
pub mod patience;
pub mod permit;
pub mod postgres;
pub mod sample_rows;
pub mod shop;
pub mod tools;
pub mod vector_chain;
pub mod vectors;
pub mod web;

/// The result of the harness's functions. The error's message contains the cause and the child's log.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

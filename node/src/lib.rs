//! The sales service: keys come in, are sold once, and leave a history that a stranger can check.
//!
//! A request goes through [`http`] into [`domain`] types; [`access`] decides whether the caller may. It is then one
//! [`flow`] or the [`sale`]'s hot path, which open the transaction, or a query of [`flow::query`]. [`store`] holds all
//! SQL, [`vault`] all secrets, [`gateway`] the protocols of payment gateways, and [`checkout`] what is
//! done with them. [`app`] puts them together.

pub mod access;
mod api_types;
pub mod app;
pub mod background;
pub mod bus;
pub mod checkout;
pub mod cli;
pub mod config;
pub mod dev;
pub mod domain;
pub mod fence;
pub mod flow;
pub mod gateway;
pub mod http;
pub mod import;
pub mod journal;
pub mod sale;
pub mod store;
pub mod telemetry;
pub mod vault;

//! The sales service: keys come in, are sold once, and leave a history that a stranger can check.
//!
//! A request goes through [`http`] into [`domain`] types; [`access`] decides whether the caller may. It is then one
//! [`flow`] or the [`sale`]'s hot path, which open the transaction, or a query of [`flow::query`]. [`store`] holds all
//! SQL, [`vault`] all secrets. [`app`] puts them together.

pub mod access;
mod api_types;
pub mod app;
pub mod background;
pub mod bus;
pub mod cli;
pub mod config;
pub mod dev;
pub mod domain;
pub mod fence;
pub mod flow;
pub mod http;
pub mod import;
pub mod journal;
pub mod sale;
pub mod store;
pub mod telemetry;
pub mod vault;

//! The sales service: keys come in, are sold once, and leave a history that a stranger can check.
//!
//! A request goes through [`http`] into [`domain`] types, then through one [`flow`] or the [`sale`]'s hot path, which
//! open the transaction; [`store`] holds all SQL, [`vault`] all secrets. [`app`] puts them together.

mod api_types;
pub mod app;
pub mod background;
pub mod cli;
pub mod config;
pub mod dev;
pub mod domain;
pub mod fence;
pub mod flow;
pub mod http;
pub mod import;
pub mod sale;
pub mod store;
pub mod telemetry;
pub mod vault;

//! What the programs of this project share. It depends on no other package of this workspace.
//!
//! - `config`: settings in layers (file, environment, flags); each program declares its own sections;
//! - `keyfile`: encrypted key files, and small files that are written atomically;
//! - `log`: the log and its section `[log]`;
//! - `server`: answers HTTP requests; `client`: makes them; both with bounds. `web`: http and https addresses;
//! - `clock`, `output`, `table`: the time, standard output, tables for a terminal.
//!
//! All but `clock` and `output` are behind cargo features, so that a program compiles only what it uses. To add a
//! module, give it a feature and list it here; it belongs here if two programs need it and it depends on neither.

#[cfg(feature = "client")]
pub mod client;
pub mod clock;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "keyfile")]
pub mod keyfile;
#[cfg(feature = "log")]
pub mod log;
pub mod output;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "cli")]
pub mod table;
#[cfg(any(feature = "client", feature = "config"))]
pub mod web;

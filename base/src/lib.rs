//! What the programs of this project share and none of them owns. It depends on no other package of this workspace.
//!
//! - `config`: settings in layers (file, environment, flags); each program declares its own sections;
//! - `keyfile`: encrypted key files, and small files that are written whole or not at all;
//! - `log`: the log and its section `[log]`;
//! - `server`: HTTP in, bounded; `client`: HTTP out, bounded; `web`: their addresses;
//! - `clock`, `output`, `table`: the time, standard output, tables for a terminal.
//!
//! All but `clock` and `output` are cargo features, so that a program compiles only what it uses. Add a module here only
//! if two programs need it and it depends on nothing of theirs.

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

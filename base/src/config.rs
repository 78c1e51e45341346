//! Settings in layers: defaults, then the file, then the environment, then flags, each over the one before.
//!
//! One TOML file, `shelfproof.toml`, serves all programs. `SHELFPROOF_CHAIN__RPC` in the environment is `chain.rpc` in
//! the file. Each program lists its sections with [`config_sections!`](crate::config_sections). To add a section, write
//! a struct in the program that reads it, implement [`Section`] for it, and add a field to that list.
//!
//! All problems are reported together when a program starts, each with the field, the rule that it breaks, and where
//! the value came from.

mod describe;
mod error;
mod layers;
mod rules;
mod secret;
mod section;

pub use error::{ConfigError, Problem};
pub use layers::{Flag, Settings, optional_path, path};
pub use rules::{Check, broken, within};
pub use secret::{
    optional_secret, read_secret, secret, secret_in_file, serialize_optional_origin, serialize_origin, serialize_url,
};
pub use section::Section;

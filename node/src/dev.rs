//! A whole shop on one machine, for `shelfproof dev`: PostgreSQL, an Ethereum node and the anchor as child processes,
//! and the folder that keeps everything from one start to the next.
//!
//! [`Machine`] starts and stops them. No child outlives this process ([`child`]), not even after `kill -9`. The
//! end-to-end tests start clusters, chains and servers through the same code.

mod anchor;
pub mod anvil;
pub mod child;
pub mod cluster;
mod folder;
mod fund;
mod machine;
mod merchant;
mod public_keys;
pub mod tools;

pub use folder::{Folder, FolderError};
pub use machine::{Machine, MachineError};

pub use cluster::free_port;
pub use fund::{FundError, fund};
pub use merchant::{Merchant, MerchantError, register};
pub use public_keys::PublicKeys;

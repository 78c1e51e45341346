//! A whole shop on one machine, for `shelfproof dev`: PostgreSQL, an Ethereum node and the anchor as child processes,
//! and the folder that keeps their data from one start to the next.
//!
//! [`Machine`] starts and stops the child processes. None of them outlives this process ([`child`]), not even after
//! `kill -9`. The end-to-end tests start clusters, chains and servers through the same code. To add a program, write a
//! module that starts it as a [`child::Server`], and add it to [`Machine`].
//!
//! [`test_gateway`] is a program of its own, `shelfproof dev gateway`.

mod anchor;
pub mod anvil;
pub mod child;
pub mod cluster;
mod folder;
mod fund;
mod machine;
mod merchant;
mod public_keys;
pub mod test_gateway;
pub mod tools;

pub use folder::{Folder, FolderError};
pub use machine::{Machine, MachineError};

pub use cluster::free_port;
pub use fund::{FundError, fund};
pub use merchant::{Merchant, MerchantError, register};
pub use public_keys::PublicKeys;

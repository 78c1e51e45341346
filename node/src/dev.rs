//! A whole shop on one machine, its children included. What tests need of that, they take from here.

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

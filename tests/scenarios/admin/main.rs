//! Administration: setting a merchant up, products, credit and keys, checks, the schema, and secrets that stay secret.

mod accounts;
mod bus;
mod check;
mod dev;
mod keyring;
mod master_key;
mod merchant;
mod pages;
mod schema;
mod secrets;
mod setup;
mod worker;

//! Administration: setting up a merchant, products, credit and keys, checks, the schema, and the protection of secrets.
//!
//! To add a test, write it in the module of the command or endpoint that it is about, or add a module here.

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

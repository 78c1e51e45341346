//! Recovery: processes that are killed, databases restored from old backups, and what they leave behind.
//!
//! To add a test, write it in the module of the fault that it causes, or add a module here.

mod chaos;
mod fence;
mod kills;
mod orphans;
mod postgres;

//! Recovery: processes that are killed, databases restored from old backups, and what they leave behind.

mod chaos;
mod fence;
mod kills;
mod orphans;
mod postgres;

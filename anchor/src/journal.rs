//! The receipt journal, as it is read: the signed root of each batch of sales, on another disk than the database. The
//! node writes it. A database that lacks a batch of it was restored from a backup that is older than its last sales: a
//! node would sell them again, and an epoch that is cut from it would be lacking in the right backup.
//!
//! The journal is a folder of files ([`files`]), whose lines are [`Record`]s. Nodes and anchor look up in the database
//! what was added since they last looked ([`compare`]).

mod compare;
pub mod files;
mod record;

pub use compare::{Gap, JournalError, Progress, compare, trim};
pub use record::{LINE_BYTES, Record};

#[cfg(test)]
mod tests;

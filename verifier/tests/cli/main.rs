//! `shelfproof-verify` itself, as a process: every bundle and every refusal of the vectors, and the mistakes of its users.

mod audits;
mod environment;
mod offline;
mod receipts;
mod run;
mod usage;

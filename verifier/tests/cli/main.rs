//! `shelfproof-verify` as a process: every bundle and refusal of the vectors, and the users' mistakes.

mod audits;
mod environment;
mod offline;
mod receipts;
mod run;
mod usage;

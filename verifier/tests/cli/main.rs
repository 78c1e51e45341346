//! `shelfproof-verify` as a process: every bundle and refusal of the vectors, and the users' mistakes.

mod audits;
mod buyers;
mod environment;
mod evidence;
mod offline;
mod receipts;
mod run;
mod trust;
mod usage;

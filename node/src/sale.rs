//! The hot path: many orders, one transaction.
//!
//! An [`Intent`](crate::domain::sale::Intent) waits in its account's lane ([`lane`], [`inbox`]) while the batch before it is
//! prepared. A worker ([`worker`]) takes the next batch, opens a transaction ([`batch`]), locks and reads ([`read`], its keys before the locks: [`read_ahead`]), decides
//! each intent in memory in the order of arrival ([`plan`]), chains and signs every sale ([`rows`]), writes, and commits once.
//! Nobody is answered before the commit is on disk, and the batch's signed root in the receipt journal
//! ([`crate::journal`]). A repeat is answered from what never changes ([`first_answer`]).
//!
//! Everybody locks in one order: orders that are there, by id; pools, by id; wallets, credit before revenue before those of
//! payments, by id; coupons, by id. Prices, cursors, balances and uses are read after the locks. A key's row is not written: its sale is an event, and the events' primary key
//! refuses one that does not follow the event which was read. The primary key of an order is its claim: new orders are inserted
//! while the locks of their products and wallets are held, so a batch that waits there for the same order of another node may
//! time out, and is tried again.
//!
//! Pools and wallets are locked and never updated: what a batch changes of them is one more row of `takes` and of
//! `ledger_entries`.
//!
//! What is in trouble is held back alone ([`trouble`]): a product whose next key cannot be sold, a pool or a wallet that
//! somebody else has locked. Its orders are parked or told to come back, after one look whether they were
//! placed before; the others are sold.
//!
//! To add an intent: a variant of `Intent`, with its lane and its neighbours; in [`read`], what it reads under its locks, at
//! its place in that order; in [`plan`], what it takes from the state, and why it may be refused; in [`rows`], its events and
//! rows, by the writer of each table group in `store::sale_write`. The matches on `Intent`, `Choice` and `Decision` name every
//! place.

mod batch;
mod connection;
mod context;
mod first_answer;
mod inbox;
mod job;
mod lane;
mod plan;
mod queue;
mod read;
mod read_ahead;
mod rows;
mod trouble;
mod worker;

pub use job::{Clock, PlaceError};
pub use queue::{OrderQueue, Workers};

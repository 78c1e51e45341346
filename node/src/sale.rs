//! The hot path: many orders, one transaction.
//!
//! An [`Intent`](crate::domain::sale::Intent) waits in its channel's lane ([`lane`], [`inbox`]) while the batch before it is
//! prepared. A worker ([`worker`]) takes the next batch, opens a transaction ([`batch`]), reads under locks, decides each
//! intent in memory in the order of arrival ([`plan`]), chains and signs every sale ([`rows`]), writes, and commits once.
//! Nobody is answered before the commit is on disk. A repeat is answered from what never changes ([`first_answer`]).
//!
//! Everybody locks in one order: orders that are there, by id; pools, by id; wallets, credit before revenue, by id. Keys are
//! updated from the version that was read, and new orders are inserted last, by id: their primary key is the claim, and
//! whoever waits there holds nothing that the other still needs.
//!
//! To add an intent: a variant of `Intent`, with its lane and its number of keys; in [`batch`], what it reads under its
//! locks, at its place in that order; in [`plan`], what it takes from the state, and why it may be refused; in [`rows`], its
//! events and rows, by the writer of each table group in `store::sale_write`. The matches on `Intent` and `Decision` name
//! every place.

mod batch;
mod connection;
mod first_answer;
mod inbox;
mod job;
mod lane;
mod plan;
mod queue;
mod read;
mod rows;
mod trouble;
mod worker;

pub use job::{Clock, PlaceError};
pub use queue::{OrderQueue, Workers};

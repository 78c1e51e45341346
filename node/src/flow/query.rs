//! Everything that is only read: one file a noun. `http` and `cli` read through here and import no store.
//!
//! A query takes the pool, opens no transaction, and answers domain types. What is missing is an error that names it.
//! A new query is a function `verb_noun` in its noun's file, over a statement of `store`. A list with filters answers a
//! [`Found`]: it stops at a bound of rows looked at, and says so.

pub mod account;
pub mod api_key;
pub mod batch;
pub mod bought_key;
pub mod coupon;
pub mod credit;
pub mod data_key;
pub mod database;
pub mod guest_order;
pub mod key;
pub mod key_list;
pub mod order;
pub mod order_list;
pub mod order_token;
mod page;
pub mod payment;
pub mod product;
pub mod review;
pub mod task;

pub use page::{EXPORT_PAGE, Found, LOOKED_MAX, ListError, Page};

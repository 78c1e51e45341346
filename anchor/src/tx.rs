//! Transactions: every one that this package signs goes through one [`Sender`].
//!
//! A transaction begins as an intent: a call with its purpose, kept in an [`IntentLog`] before anything else happens.
//! The sender gives it a nonce and signs a variant, stores that, and only then sends it. After a crash, whoever opens
//! the same log again finds
//! - an intent without a variant: nothing was sent, and it is signed anew;
//! - an intent with variants: perhaps sent, perhaps not. The newest variant is sent again, byte for byte, until the
//!   chain took one of them, or can take none of them any more, because the nonce went to another transaction or the
//!   call failed in its block. Such an intent is closed as failed, and what it was for needs another intent.
//!
//! A nonce belongs to its intent, and all variants share it: at most one of them is ever in a block. One account has at
//! most one intent under way; the next is signed when that one is in a block.
//!
//! The log is a database's tables ([`crate::store::intents`]) or a file ([`Journal`]). To send something new: a
//! [`Purpose`](crate::store::intents::Purpose), and a caller that stores the intent and looks at the chain for its
//! effect.

mod account;
mod error;
pub mod fee;
mod journal;
mod log;
mod sender;

pub use account::Account;
pub use error::{Holder, TxError};
pub use journal::{Journal, JournalError};
pub use log::{IntentLog, LogError};
pub use sender::{Progress, Sender};

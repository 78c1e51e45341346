//! Money that an account paid in before it buys, and where it went.

use super::id::{AccountId, OrderId};
use super::money::Money;

/// The longest reference of a top-up, characters.
pub const MAX_REFERENCE: usize = 200;

/// What an account may still spend in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The wallet's number.
    pub wallet: i64,
    /// What is in it.
    pub balance: Money,
}

/// Money that came from outside into an account's wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUp {
    /// Whose wallet.
    pub account: AccountId,
    /// How much, more than nothing.
    pub amount: Money,
    /// The payer's own name of it: the same one twice is one top-up.
    pub reference: String,
    /// When it was written, Unix milliseconds.
    pub at_ms: i64,
}

/// One line of a wallet's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The ledger's number; a later one is greater.
    pub id: i64,
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// `top_up`, `sale` or `refund`.
    pub kind: String,
    /// How much.
    pub amount: Money,
    /// Whether it came in; else it went out.
    pub is_in: bool,
    /// The order that was paid, or paid back.
    pub order: Option<OrderId>,
    /// A top-up's name.
    pub reference: Option<String>,
}

//! Money that an account paid in before it buys, and where it went.

use super::id::{AccountId, OrderId};
use super::money::Money;
use super::payment::PaymentId;

/// The longest reference of a top-up, characters.
pub const MAX_REFERENCE: usize = 200;

/// What an account may still spend in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditWallet {
    /// The wallet's number.
    pub wallet: i64,
    pub account: AccountId,
    pub balance: Money,
}

/// Money that came from outside into an account's wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopUp {
    pub account: AccountId,
    /// More than nothing.
    pub amount: Money,
    /// The payer's own name of it: the same one twice is one top-up.
    pub reference: String,
    /// When it was written, Unix milliseconds.
    pub at_ms: i64,
}

/// Why money moves from one wallet to another. Each cause moves it once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause<'a> {
    TopUp { reference: &'a str },
    Refund { order: OrderId, item: u32 },
    Repayment { id: PaymentId },
}

/// Money that moves from one wallet to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer<'a> {
    pub cause: Cause<'a>,
    pub from: i64,
    pub to: i64,
    /// More than nothing, in the minor unit of both wallets' currency.
    pub amount_minor: i64,
    /// Unix milliseconds.
    pub at_ms: i64,
}

/// One line of a credit wallet's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// A later one's number is greater. Orders that were sold together share one.
    pub id: i64,
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// `top_up`, `sale` or `refund`.
    pub kind: String,
    pub amount: Money,
    /// Whether it came in; else it went out.
    pub is_in: bool,
    /// The order that was paid, or paid back.
    pub order: Option<OrderId>,
    /// A top-up's reference.
    pub reference: Option<String>,
}

impl Cause<'_> {
    /// The kind as the database writes it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TopUp { .. } => "top_up",
            Self::Refund { .. } => "refund",
            Self::Repayment { .. } => "repayment",
        }
    }

    /// What the cause is among those of its kind.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::TopUp { reference } => (*reference).to_owned(),
            Self::Refund { order, item } => format!("{order}/{item}"),
            Self::Repayment { id } => id.to_string(),
        }
    }
}

//! Repayments: money of a payment that goes back through its gateway.

use super::id::OrderId;
use super::money::Money;
use super::payment::PaymentId;

/// How often a gateway is asked for one that stays pending, before a person looks: about a day.
pub const ASKED_MAX: u32 = 30;

/// A repayment. Its id is made like a payment's, and is the number that the gateway is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repayment {
    pub id: PaymentId,
    pub payment: PaymentId,
    pub order: OrderId,
    /// The account at a gateway through which it goes: its number, and its name.
    pub account: i32,
    pub gateway: String,
    /// The gateway's number of the payment.
    pub trade_no: String,
    /// The delivered item that it is for; none where nothing was delivered for the money.
    pub item: Option<u32>,
    pub amount: Money,
    pub state: RepaymentState,
    pub reason: String,
    /// What the gateway said last.
    pub answer: Option<String>,
    /// Unix milliseconds, as the other time.
    pub created_at_ms: u64,
    pub done_at_ms: Option<u64>,
    /// How often the gateway was asked.
    pub asked: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepaymentState {
    /// The gateway is asked for it until it is done.
    Pending,
    /// The gateway cannot, or said no: a person pays it back, and says so.
    ByHand,
    Done,
}

/// Money that is to go back, before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRepayment {
    pub id: PaymentId,
    pub payment: PaymentId,
    /// The wallet that it comes from.
    pub from_wallet: i64,
    pub item: Option<u32>,
    pub amount_minor: i64,
    pub reason: String,
}

impl RepaymentState {
    pub const ALL: [Self; 3] = [Self::Pending, Self::ByHand, Self::Done];

    /// The state as the API and the database write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::ByHand => "by_hand",
            Self::Done => "done",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

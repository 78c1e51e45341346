//! Payments as they are stored, and which of them a list is for.

use super::{PaymentId, PaymentState};
use crate::domain::id::OrderId;
use crate::domain::money::Money;

/// A payment as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    pub order: OrderId,
    /// The account at a gateway that collects it: its number, and its name.
    pub account: i32,
    pub gateway: String,
    pub amount: Money,
    pub state: PaymentState,
    /// The gateway's own number, once it is known.
    pub trade_no: Option<String>,
    /// The page on which the buyer pays, once the gateway has made it.
    pub url: Option<String>,
    /// Unix milliseconds, as the others.
    pub created_at_ms: u64,
    pub received_at_ms: Option<u64>,
    /// When the gateway is asked next about a pending one, and how often it was asked.
    pub ask_at_ms: u64,
    pub asked: u32,
}

/// A pending payment that the gateway is to be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuePayment {
    pub payment: Payment,
    /// Until when its order could be paid, Unix milliseconds.
    pub expires_at_ms: u64,
}

/// Which payments are listed; those that meet all that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    pub state: Option<PaymentState>,
    /// The name of the gateway's account.
    pub gateway: Option<String>,
    pub order: Option<OrderId>,
}

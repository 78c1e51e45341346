//! Reviews: what a person decides about an order that was paid.

use super::id::OrderId;
use super::payment::PaymentId;
use super::sale::Question;

/// The longest note to a decision, characters.
pub const MAX_NOTE: usize = 500;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    pub id: i64,
    pub order: OrderId,
    pub question: Question,
    /// The payment that it is about.
    pub payment: Option<PaymentId>,
    /// Unix milliseconds, as the other time.
    pub opened_at_ms: u64,
    pub closed: Option<(u64, Decision)>,
    pub note: Option<String>,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The order was delivered.
    Delivered,
    /// The payment goes back.
    Repaid,
    /// It was settled elsewhere.
    Closed,
}

impl Decision {
    pub const ALL: [Self; 3] = [Self::Delivered, Self::Repaid, Self::Closed];

    /// The decision as the API and the database write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Repaid => "repaid",
            Self::Closed => "closed",
        }
    }

    /// The decision of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|decision| decision.name() == name)
    }
}

//! A payment: one attempt to pay an order through a gateway.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use super::money::Money;

mod record;

pub use record::{DuePayment, Payment, PaymentFilter};

/// The id of a payment. It is written as 32 lower-case hex digits, which is the order number that a gateway is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PaymentId(pub Uuid);

/// What became of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentState {
    /// The gateway was asked to collect it.
    Pending,
    /// The gateway collected it.
    Received,
    /// The gateway says that it cannot be paid any more. It may be received all the same.
    Closed,
}

impl PaymentState {
    pub const ALL: [Self; 3] = [Self::Pending, Self::Received, Self::Closed];

    /// The state as the API and the database write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Received => "received",
            Self::Closed => "closed",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What a gateway says that it received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub payment: PaymentId,
    /// The gateway's own number of it.
    pub trade_no: String,
    /// In the currency that was paid, which may be another than the account was asked to collect.
    pub amount: Money,
}

impl PaymentId {
    /// A new one; later ones sort behind earlier ones.
    #[must_use]
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }

    /// When it was made, Unix milliseconds; `None` for an id that this program did not make.
    #[must_use]
    pub fn made_at_ms(self) -> Option<u64> {
        let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
        seconds.checked_mul(1_000)?.checked_add(u64::from(nanos / 1_000_000))
    }
}

impl fmt::Display for PaymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// The text is none that this program writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payment's id is 32 lower-case hex digits")]
pub struct NoPaymentId;

impl FromStr for PaymentId {
    type Err = NoPaymentId;

    fn from_str(text: &str) -> Result<Self, NoPaymentId> {
        let id = Uuid::try_parse(text).map(Self).map_err(|_| NoPaymentId)?;
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(NoPaymentId)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_when_it_was_made() {
        let id: PaymentId = "0198f3c2a5d07b6e9c1d2e3f40516273".parse().unwrap();
        assert_eq!(id.made_at_ms(), Some(0x0198_f3c2_a5d0));
        assert_eq!(PaymentId(Uuid::nil()).made_at_ms(), None);
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = PaymentId::generate();
        assert_eq!(id.to_string().parse(), Ok(id));
        for other in [
            id.0.to_string(),
            id.to_string().to_uppercase(),
            format!("{{{id}}}"),
            String::new(),
        ] {
            assert_eq!(other.parse::<PaymentId>(), Err(NoPaymentId), "{other}");
        }
    }
}

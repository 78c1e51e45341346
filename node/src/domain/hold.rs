//! A hold keeps a range of a pool's slots for one owner, until the owner takes the keys or the hold is released.

use std::fmt;

use uuid::Uuid;

use super::id::OrderId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    pub id: i64,
    pub owner: HoldOwner,
    /// Unix milliseconds.
    pub expires_at_ms: i64,
}

/// Whom a hold keeps keys for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldOwner {
    /// An order that waits for its payment.
    OrderLine { order: OrderId, line: i16 },
    /// A branch of a saga.
    Branch(Uuid),
    /// A claim of a flash sale.
    Claim(Uuid),
}

impl fmt::Display for HoldOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OrderLine { order, line } => write!(f, "line {line} of order {order}"),
            Self::Branch(id) => write!(f, "branch {id}"),
            Self::Claim(id) => write!(f, "claim {id}"),
        }
    }
}

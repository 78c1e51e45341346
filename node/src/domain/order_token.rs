//! Tokens of orders: each opens one order to whoever holds it, and can be revoked.
//!
//! An order has one valid token at any time, and its tokens have generations. The first is part of the answer to the
//! request that placed the order, and of every repeat of that answer. Where a token got into the wrong hands, its
//! generation is revoked: it is refused from then on, and the next generation is valid.

use super::id::OrderId;

/// The generation of an order's first token.
pub const FIRST: u32 = 1;

/// Which token it is, by what it says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderToken {
    pub order: OrderId,
    /// Counts the order's tokens, from [`FIRST`].
    pub generation: u32,
}

/// What was revoked of an order's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// The newest generation that is refused; those before it are too.
    pub generation: u32,
    /// When that one was revoked, Unix milliseconds.
    pub at_ms: i64,
}

impl OrderToken {
    #[must_use]
    pub const fn first(order: OrderId) -> Self {
        Self {
            order,
            generation: FIRST,
        }
    }

    /// The token of the order that is valid after that revocation; its first where nothing was revoked.
    #[must_use]
    pub fn valid(order: OrderId, revoked: Option<Revoked>) -> Self {
        revoked.map_or(Self::first(order), |revoked| Self {
            order,
            generation: revoked.generation + 1,
        })
    }
}

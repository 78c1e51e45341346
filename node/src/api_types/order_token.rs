//! Revocations of order tokens, as the API shows them.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::id::OrderId;
use crate::domain::order_token::Revoked;

/// What is revoked of an order's tokens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenRevocation)]
pub(crate) struct ShownRevocation<'a> {
    /// The order.
    order: Uuid,
    /// The newest generation of the order's tokens that is refused. Those before it are too.
    #[schema(minimum = 1)]
    generation: u32,
    /// When that one was revoked, Unix milliseconds.
    revoked_at: i64,
    /// The token that is valid from then on; shown only to the reseller that bought the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
}

impl<'a> ShownRevocation<'a> {
    pub(crate) const fn new(order: OrderId, revoked: Revoked, token: Option<&'a str>) -> Self {
        Self {
            order: order.0,
            generation: revoked.generation,
            revoked_at: revoked.at_ms,
            token,
        }
    }
}

//! The orders of a guest.

use alloy_primitives::B256;
use sqlx::PgPool;

use crate::domain::order::Order;
use crate::domain::order_token::OrderToken;
use crate::store::StoreError;
use crate::store::guest_lookup::guest_order_list;

/// Most orders that a guest finds again.
const GUEST_ORDERS_MAX: u32 = 50;

/// The newest orders that the hash of a contact and password opens, each with its valid token. Where the password is
/// another, there are none.
///
/// # Errors
/// The database's.
pub async fn list_guest_orders(pool: &PgPool, lookup: B256) -> Result<Vec<(Order, OrderToken)>, StoreError> {
    guest_order_list(pool, lookup, GUEST_ORDERS_MAX).await
}

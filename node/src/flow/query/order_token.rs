//! Which token of an order is valid.

use sqlx::PgPool;

use crate::domain::id::OrderId;
use crate::domain::order_token::OrderToken;
use crate::store::StoreError;
use crate::store::order_token::order_token_revoked;

/// The order's token that is valid now. Of an order that is unknown, its first: it would open nothing.
///
/// # Errors
/// The database's.
pub async fn get_valid_token(pool: &PgPool, order: OrderId) -> Result<OrderToken, StoreError> {
    let revoked = order_token_revoked(pool, order).await?;
    Ok(OrderToken::valid(order, revoked))
}

//! Takes the power of an order's token away, where it got into the wrong hands. The next token of the order then opens
//! it.
//!
//! The caller names the generation that leaked: so a repeat, also one that comes late, changes nothing, and never revokes
//! the new token, which may be in the buyer's hands by then.

use sqlx::PgPool;

use super::stored_ms;
use crate::domain::id::OrderId;
use crate::domain::message::Fact;
use crate::domain::order_token::{OrderToken, Revoked};
use crate::store::StoreError;
use crate::store::order::order_lock;
use crate::store::order_token::{order_token_revoke, order_token_revoked};
use crate::store::outbox::outbox_insert;

/// Why a token was not revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeTokenError {
    #[error("there is no order {0}")]
    Missing(OrderId),
    /// A token of that generation was never made.
    #[error("the order's newest token has the generation {0}; give that, or an earlier one")]
    NotMade(u32),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Revokes the order's tokens up to that generation, and returns the newest that is refused. Where they were revoked
/// before, nothing changes.
///
/// # Errors
/// Where there is no such order, or no such token.
pub async fn revoke_order_token(
    pool: &PgPool,
    order: OrderId,
    generation: u32,
    now_ms: u64,
) -> Result<Revoked, RevokeTokenError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    // Locked, so that of two who revoke one token the second finds it revoked.
    let found = order_lock(&mut transaction, order).await?;
    found.ok_or(RevokeTokenError::Missing(order))?;
    let revoked = order_token_revoked(&mut *transaction, order).await?;
    let valid = OrderToken::valid(order, revoked).generation;
    match revoked {
        Some(revoked) if generation <= revoked.generation => return Ok(revoked),
        _ if generation != valid => return Err(RevokeTokenError::NotMade(valid)),
        _ => {}
    }
    let revoked = order_token_revoke(&mut transaction, order, stored_ms(now_ms)).await?;
    let fact = Fact::OrderTokenRevoked {
        order,
        generation: revoked.generation,
    };
    outbox_insert(&mut transaction, &fact).await?;
    // A crash before this leaves the token as it was; one after it, and a repeat finds the row.
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(revoked)
}

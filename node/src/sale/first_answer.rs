//! The answer to a repeated request: the same as the first one got, made from rows that never change.

use sqlx::PgPool;

use crate::domain::delivery::{Delivered, OrderOutcome, Reserved};
use crate::domain::id::OrderId;
use crate::journal::{Journal, Unwritten, cover};
use crate::store::StoreError;
use crate::store::item::order_items;
use crate::store::order::order_get;
use crate::vault::{Vault, VaultError};

/// Why an order's first answer could not be given again.
#[derive(Debug, thiserror::Error)]
pub(super) enum FirstAnswerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Unwritten(#[from] Unwritten),
    /// The order was placed, but it or one of its lines is missing.
    #[error("the order or one of its lines is not there")]
    Missing,
}

impl FirstAnswerError {
    /// Whether trying again later can help.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_passing())
    }
}

/// The answer that the order got when it was placed, whatever its present state.
///
/// # Errors
/// If the database or the vault fails, the order is not complete, or its sale cannot be written to the journal.
pub(super) async fn first_answer(
    pool: &PgPool,
    vault: &Vault,
    journal: Option<&Journal>,
    id: OrderId,
) -> Result<OrderOutcome, FirstAnswerError> {
    let mut connection = pool.acquire().await.map_err(StoreError::from)?;
    let order = order_get(&mut *connection, id)
        .await?
        .ok_or(FirstAnswerError::Missing)?;
    if let Some(reason) = order.status.reason() {
        return Ok(OrderOutcome::Refused {
            order: id,
            reason,
            created_at_ms: order.created_at_ms,
        });
    }
    let sold = order_items(&mut connection, id).await?;
    drop(connection);
    cover(journal, &sold).await?;
    if sold.is_empty() {
        return Err(FirstAnswerError::Missing);
    }
    let items = sold.iter().filter(|sold| sold.is_first_answer).map(|sold| {
        let (line, of) = order.line_of(sold.item).ok_or(FirstAnswerError::Missing)?;
        Ok(vault.open_item(sold, line, of.product)?)
    });
    Ok(OrderOutcome::Delivered(Delivered {
        order: id,
        created_at_ms: order.created_at_ms,
        total: order.total().ok_or(FirstAnswerError::Missing)?,
        items: items.collect::<Result<_, FirstAnswerError>>()?,
    }))
}

/// The answer that an order got when it was placed to be paid, whatever its present state.
///
/// # Errors
/// If the database fails, or the order is not one that was placed to be paid.
pub(super) async fn first_reserved(pool: &PgPool, id: OrderId) -> Result<Reserved, FirstAnswerError> {
    let order = order_get(pool, id).await?.ok_or(FirstAnswerError::Missing)?;
    Ok(Reserved {
        order: id,
        created_at_ms: order.created_at_ms,
        expires_at_ms: order.expires_at_ms.ok_or(FirstAnswerError::Missing)?,
        total: order.total().ok_or(FirstAnswerError::Missing)?,
    })
}

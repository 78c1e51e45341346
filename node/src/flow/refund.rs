//! A sale is undone and paid back; its key is spent for good. A repeat is told of the first time.

use serde::Serialize;
use shelfproof_anchor::store::events::event_of_keys;
use shelfproof_verifier::event::{KeyEvent, Kind};
use sqlx::PgPool;

use super::step::{StepError, step};
use crate::domain::id::OrderId;
use crate::domain::money::Money;
use crate::store::StoreError;
use crate::store::order::{order_items, order_lock, order_update_refund_state};
use crate::store::refund::{Refund, refund_book, refund_wallets};

/// Why a key was not refunded.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// There is no such order, or no such item in it.
    #[error("the order has no such item")]
    Missing,
    /// The step failed, or is not allowed.
    #[error(transparent)]
    Step(#[from] StepError),
}

impl From<StoreError> for RefundError {
    fn from(error: StoreError) -> Self {
        Self::Step(error.into())
    }
}

/// What a refund's event opens to.
#[derive(Serialize)]
struct Body<'a> {
    order: OrderId,
    amount: String,
    currency: &'static str,
    reason: &'a str,
}

/// Refunds the order's `item`, counted from 1, to the credit that paid for it, and answers its event.
///
/// # Errors
/// Where there is none, or where the key stands so that it cannot be refunded.
pub async fn refund_item(
    pool: &PgPool,
    order: OrderId,
    item: usize,
    reason: &str,
    now_ms: u64,
) -> Result<KeyEvent, RefundError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    // The order first: two refunds of one order must not both think that the other's key is still sold.
    let found = order_lock(&mut transaction, order).await?.ok_or(RefundError::Missing)?;
    let items = order_items(&mut *transaction, order).await?;
    let sold = item
        .checked_sub(1)
        .and_then(|at| items.get(at))
        .ok_or(RefundError::Missing)?;
    if sold.head.state == Kind::Refunded {
        let events = event_of_keys(&mut transaction, &[sold.head.key_no])
            .await
            .map_err(StepError::from)?;
        return events.last().map(|last| last.event).ok_or(RefundError::Missing);
    }
    let total = found.total.ok_or(RefundError::Missing)?;
    let paid = Money {
        minor: sold.price_minor,
        ..total
    };
    let wallets = refund_wallets(&mut transaction, sold.product, found.account, paid).await?;
    let body = Body {
        order,
        amount: paid.decimal(),
        currency: paid.currency.code(),
        reason,
    };
    let event = step(&mut transaction, &sold.head, Kind::Refunded, &body, now_ms).await?;
    if paid.minor > 0 {
        let refund = Refund {
            wallets,
            paid,
            order,
            line: sold.line,
            key_no: sold.head.key_no,
            at_ms: event.at_ms,
        };
        refund_book(&mut transaction, refund).await?;
    }
    order_update_refund_state(&mut transaction, order).await?;
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(event)
}

//! A sale is undone and paid back; its key is spent for good. A repeat is answered with the first refund.

use shelfproof_anchor::store::events::event_of_keys;
use shelfproof_verifier::event::{KeyEvent, Kind};
use shelfproof_verifier::vocabulary::body::Refunded;
use sqlx::PgPool;

use super::step::{StepError, step};
use super::stored_ms;
use crate::domain::id::OrderId;
use crate::domain::order::TransitionError;
use crate::domain::payment::PaymentId;
use crate::domain::repayment::NewRepayment;
use crate::domain::wallet::{Cause, Transfer};
use crate::store::StoreError;
use crate::store::item::{item_count, item_head};
use crate::store::key::Advanced;
use crate::store::order::{order_lock, order_update};
use crate::store::repayment::{payment_received, repayment_insert};
use crate::store::transfer::transfer_insert;
use crate::store::wallet::{RefundWallets, wallet_lock_refund};

/// Why an item was not refunded.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    #[error("the order has no such item")]
    Missing,
    #[error(transparent)]
    Step(#[from] StepError),
    /// There is neither credit nor a payment that the price could go back to.
    #[error(
        "the price has nowhere to go back to: the order was paid neither from prepaid credit nor through a gateway"
    )]
    NoCredit,
    #[error(transparent)]
    Transition(#[from] TransitionError),
}

impl From<StoreError> for RefundError {
    fn from(error: StoreError) -> Self {
        Self::Step(error.into())
    }
}

/// Refunds item number `item` of the order: what it cost goes back to the credit that paid for it, or through the gateway,
/// which is asked later. Returns its event.
///
/// # Errors
/// Where there is no such item, the states of its key or order do not allow a refund, or it was paid and the customer has
/// no credit.
pub async fn refund_item(
    pool: &PgPool,
    order: OrderId,
    item: u32,
    reason: &str,
    now_ms: u64,
) -> Result<KeyEvent, RefundError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    // The order first: of two refunds of one order the second counts what the first refunded.
    let found = order_lock(&mut transaction, order).await?.ok_or(RefundError::Missing)?;
    let head = item_head(&mut *transaction, order, item).await?;
    let head = head.ok_or(RefundError::Missing)?;
    if head.state == Kind::Refunded {
        let events = event_of_keys(&mut transaction, &[head.key_no])
            .await
            .map_err(StepError::from)?;
        return events.last().map(|last| last.event).ok_or(RefundError::Missing);
    }
    let (_, line) = found.line_of(item).ok_or(RefundError::Missing)?;
    let paid = found.item_net(item).ok_or(RefundError::Missing)?;
    let wallets = if paid.minor > 0 {
        Some(wallet_lock_refund(&mut transaction, line.product, &found.customer, paid.currency).await?)
    } else {
        None
    };
    let body = Refunded {
        order: Some(order.to_string().into()),
        amount: Some(paid.decimal().into()),
        currency: Some(paid.currency.code().into()),
        reason: Some(reason.into()),
    };
    let event = step(&mut transaction, &head, &body, now_ms).await?;
    match wallets {
        None => {}
        Some(RefundWallets {
            revenue,
            credit: Some(credit),
        }) => {
            let transfer = Transfer {
                cause: Cause::Refund { order, item },
                from: revenue,
                to: credit,
                amount_minor: paid.minor,
                at_ms: stored_ms(event.at_ms),
            };
            if !transfer_insert(&mut transaction, &transfer).await? {
                return Err(StepError::Stale.into());
            }
        }
        Some(RefundWallets { revenue, credit: None }) => {
            let received = payment_received(&mut transaction, order).await?;
            let payment = received.iter().find(|payment| payment.left_minor >= paid.minor);
            let new = NewRepayment {
                id: PaymentId::generate(),
                payment: payment.ok_or(RefundError::NoCredit)?.payment(),
                from_wallet: revenue,
                item: Some(item),
                amount_minor: paid.minor,
                reason: if reason.is_empty() { "refunded" } else { reason }.to_owned(),
            };
            repayment_insert(&mut transaction, &new, stored_ms(event.at_ms)).await?;
        }
    }
    let (delivered, refunded) = item_count(&mut *transaction, order).await?;
    if order_update(&mut transaction, &found.refund_item(refunded, delivered)?).await? == Advanced::Stale {
        return Err(StepError::Stale.into());
    }
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(event)
}

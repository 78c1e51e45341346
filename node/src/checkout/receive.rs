//! A payment is received: what a gateway says is held against what it was asked for, and the order is settled.

use sqlx::PgPool;

use super::Collector;
use crate::domain::delivery::Settled;
use crate::domain::payment::{Payment, PaymentId, PaymentState, Received};
use crate::domain::sale::Settlement;
use crate::flow::StoreError;
use crate::flow::query::order::get_order;
use crate::flow::query::payment::find_payment;
use crate::sale::{OrderQueue, PlaceError};

/// Why a payment was not taken. Nothing was moved.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// There is no such payment, or it is another account's.
    #[error("payment {0} is none of this account's")]
    Foreign(PaymentId),
    #[error("payment {payment} is not what this account was asked for: {why}")]
    Other { payment: PaymentId, why: &'static str },
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sale worker did not take it, or it is not known whether it did. It may be received again.
    #[error(transparent)]
    Place(#[from] PlaceError),
}

/// The payment that the account was asked to collect, if what was received is what was asked for.
pub(super) async fn expected(
    pool: &PgPool,
    collector: &Collector,
    received: &Received,
) -> Result<Payment, ReceiveError> {
    let found = find_payment(pool, received.payment).await?;
    match found.filter(|payment| payment.account == collector.account.id) {
        None => Err(ReceiveError::Foreign(received.payment)),
        Some(payment) if payment.amount != received.amount => Err(ReceiveError::Other {
            payment: payment.id,
            why: "its amount or currency is another",
        }),
        Some(payment) => Ok(payment),
    }
}

/// Whether this was taken before, under the same number of the gateway's.
pub(super) fn is_taken(payment: &Payment, received: &Received) -> bool {
    payment.state == PaymentState::Received && payment.trade_no.as_ref() == Some(&received.trade_no)
}

/// Takes what was received for an expected payment, and settles its order. A repeat changes nothing.
pub(super) async fn receive(
    pool: &PgPool,
    orders: &OrderQueue,
    payment: &Payment,
    received: Received,
) -> Result<Settled, ReceiveError> {
    if is_taken(payment, &received) {
        return Ok(Settled::Unchanged);
    }
    let order = get_order(pool, payment.order).await?;
    let order = order.ok_or(ReceiveError::Other {
        payment: payment.id,
        why: "it has no order",
    })?;
    let settlement = Settlement {
        order: order.id,
        products: order.lines.iter().map(|line| line.product).collect(),
        received: Some(received),
    };
    let settled = orders.settle(settlement).await?;
    match settled {
        Settled::Delivered { items } => {
            tracing::info!(payment = %payment.id, order = %order.id, items, "a paid order was delivered");
        }
        Settled::InReview(question) => tracing::warn!(
            payment = %payment.id, order = %order.id, question = question.name(), "a paid order waits for a person"
        ),
        Settled::Unchanged => {}
    }
    Ok(settled)
}

//! Gives an unpaid order another way to be paid.

use sqlx::PgPool;

use super::stored_ms;
use crate::domain::gateway_account::GatewayAccount;
use crate::domain::id::OrderId;
use crate::domain::order::OrderStatus;
use crate::domain::payment::{Payment, PaymentId};
use crate::store::StoreError;
use crate::store::order::order_lock;
use crate::store::payment::{payment_add, payment_of_order};
use crate::store::settle_write::NewPaymentRow;

/// Why an order got no other way to be paid.
#[derive(Debug, thiserror::Error)]
pub enum AddPaymentError {
    #[error("there is no such order")]
    Missing,
    /// It is paid, expired or cancelled.
    #[error("the order does not wait for payment any more")]
    NotWaiting,
    /// The account collects another currency than the order costs.
    #[error("the order is not paid in {0}")]
    Currency(&'static str),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The payment of that order through that account; it is made under `id`, unless there is one.
///
/// # Errors
/// Where the order cannot be paid, or not through that account.
pub async fn add_payment(
    pool: &PgPool,
    order: OrderId,
    account: &GatewayAccount,
    id: PaymentId,
    now_ms: u64,
) -> Result<Payment, AddPaymentError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    let found = order_lock(&mut transaction, order).await?;
    let found = found.ok_or(AddPaymentError::Missing)?;
    if found.status != OrderStatus::AwaitingPayment || found.expires_at_ms.is_none_or(|end| end <= now_ms) {
        return Err(AddPaymentError::NotWaiting);
    }
    let total = found.total().filter(|total| total.currency == account.currency);
    let amount = total.ok_or(AddPaymentError::Currency(account.currency.code()))?;
    let row = NewPaymentRow {
        id,
        order,
        gateway: account.id,
        amount,
    };
    payment_add(&mut transaction, &row, stored_ms(now_ms)).await?;
    let payment = payment_of_order(&mut *transaction, order, account.id).await?;
    let payment = payment.ok_or(AddPaymentError::Missing)?;
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(payment)
}

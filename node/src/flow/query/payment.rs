//! Payments through gateways, and the accounts that collect them.

use sqlx::PgPool;
use uuid::Uuid;

use super::page::{Filling, Found, LOOKED_MAX};
use crate::domain::gateway_account::ListedGateway;
use crate::domain::id::OrderId;
use crate::domain::payment::{Payment, PaymentFilter, PaymentId};
use crate::store::StoreError;
use crate::store::gateway_account::gateway_account_list;
use crate::store::payment::{payment_get, payment_list, payment_of_order};

/// The payment of that id.
///
/// # Errors
/// The database's.
pub async fn find_payment(pool: &PgPool, id: PaymentId) -> Result<Option<Payment>, StoreError> {
    payment_get(pool, id).await
}

/// The payment of an order through that account.
///
/// # Errors
/// The database's.
pub async fn find_payment_of_order(pool: &PgPool, order: OrderId, account: i32) -> Result<Option<Payment>, StoreError> {
    payment_of_order(pool, order, account).await
}

/// A page of the payments that meet a filter, newest first, after that one.
///
/// # Errors
/// The database's.
pub async fn list_payments(
    pool: &PgPool,
    filter: &PaymentFilter,
    after: Option<PaymentId>,
    limit: u32,
) -> Result<Found<Payment, PaymentId>, StoreError> {
    let before = after.unwrap_or(PaymentId(Uuid::max()));
    let mut page = Filling::new(limit, |payment: &Payment| payment.id);
    let rows = payment_list(pool, before, filter, page.bounds(LOOKED_MAX)).await?;
    let end = page.add(rows, 0);
    Ok(page.end(end))
}

/// All accounts at gateways that the shop ever used, by their names.
///
/// # Errors
/// The database's.
pub async fn list_gateways(pool: &PgPool) -> Result<Vec<ListedGateway>, StoreError> {
    gateway_account_list(pool).await
}

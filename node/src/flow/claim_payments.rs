//! Takes payments that gateways are to be asked about, and ends the asking.

use sqlx::PgPool;

use super::stored_ms;
use crate::domain::payment::{DuePayment, PaymentId};
use crate::store::StoreError;
use crate::store::payment::{payment_claim, payment_close};

/// The pending payment of those accounts that has been due for longest, if there is one. It is put off, for longer each
/// time, before it is asked about: where this process ends meanwhile, the next one asks.
///
/// # Errors
/// The database's.
pub async fn claim_payment(pool: &PgPool, accounts: &[i32], now_ms: u64) -> Result<Option<DuePayment>, StoreError> {
    payment_claim(pool, accounts, stored_ms(now_ms)).await
}

/// Asks no more about a payment. It can be received all the same.
///
/// # Errors
/// The database's.
pub async fn close_payment(pool: &PgPool, id: PaymentId) -> Result<(), StoreError> {
    payment_close(pool, id).await
}

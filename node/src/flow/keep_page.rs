//! Keeps the page that a gateway made for a payment.

use sqlx::PgPool;

use crate::domain::payment::{Payment, PaymentId};
use crate::store::StoreError;
use crate::store::payment::{payment_get, payment_store_page};

/// Keeps the page, unless there is one, and returns the payment as it is then; `None` where there is no such payment.
///
/// # Errors
/// The database's, also where another payment has the gateway's number.
pub async fn keep_page(
    pool: &PgPool,
    id: PaymentId,
    url: &str,
    trade_no: Option<&str>,
) -> Result<Option<Payment>, StoreError> {
    // One row and no transaction: of two pages at once, the second finds the first.
    payment_store_page(pool, id, url, trade_no).await?;
    payment_get(pool, id).await
}

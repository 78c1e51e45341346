//! Takes repayments that gateways are to be asked for, and keeps what they said.

use sqlx::PgPool;

use super::{StoreError, stored_ms};
use crate::domain::payment::PaymentId;
use crate::domain::repayment::Repayment;
use crate::store::repayment::{repayment_claim, repayment_note};

/// Takes at most `limit` pending repayments through those accounts that are due, and puts each off, so that no other
/// process asks for them meanwhile.
///
/// # Errors
/// The database's.
pub async fn claim_repayments(
    pool: &PgPool,
    accounts: &[i32],
    now_ms: u64,
    limit: u32,
) -> Result<Vec<Repayment>, StoreError> {
    repayment_claim(pool, accounts, stored_ms(now_ms), i64::from(limit)).await
}

/// Keeps what the gateway said of a pending repayment; `by_hand` leaves it to a person.
///
/// # Errors
/// The database's.
pub async fn note_repayment(pool: &PgPool, id: PaymentId, answer: &str, by_hand: bool) -> Result<(), StoreError> {
    repayment_note(pool, id, answer, by_hand).await
}

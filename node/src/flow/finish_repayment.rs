//! A repayment is done: the books say so.

use sqlx::PgPool;

use super::{FlowError, StoreError, stored_ms};
use crate::domain::payment::PaymentId;
use crate::domain::wallet::{Cause, Transfer};
use crate::store::repayment::{repayment_done, repayment_get, repayment_lock};
use crate::store::transfer::transfer_insert;

/// Moves the money of a repayment out of the shop's books, and ends it. `answer` is what the gateway, or a person, says of
/// it. A repeat changes nothing.
///
/// # Errors
/// `Missing` where there is no such repayment.
pub async fn finish_repayment(
    pool: &PgPool,
    id: PaymentId,
    answer: Option<&str>,
    now_ms: u64,
) -> Result<(), FlowError> {
    let mut transaction = pool.begin().await?;
    let Some((from, to, amount_minor)) = repayment_lock(&mut transaction, id).await? else {
        let found = repayment_get(&mut *transaction, id).await?;
        return found.map(drop).ok_or_else(|| FlowError::missing("repayment", &id));
    };
    let transfer = Transfer {
        cause: Cause::Repayment { id },
        from,
        to,
        amount_minor,
        at_ms: stored_ms(now_ms),
    };
    transfer_insert(&mut transaction, &transfer).await?;
    repayment_done(&mut transaction, id, answer, stored_ms(now_ms)).await?;
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(())
}

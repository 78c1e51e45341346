//! What a person decides about a paid order: its money goes back, or it was settled elsewhere. That it is delivered after
//! all is the sale's ([`OrderQueue::settle`](crate::sale::OrderQueue::settle)).

use sqlx::{PgConnection, PgPool};

use super::{FlowError, StoreError, stored_ms};
use crate::domain::id::{AccountId, OrderId};
use crate::domain::order::{Order, TransitionError};
use crate::domain::payment::PaymentId;
use crate::domain::repayment::NewRepayment;
use crate::domain::review::{Decision, MAX_NOTE, Review};
use crate::domain::sale::Question;
use crate::store::hold::hold_release;
use crate::store::order::order_lock;
use crate::store::repayment::{payment_received, repayment_insert};
use crate::store::review::{review_close, review_get};
use crate::store::settle_write::orders_move;

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error("review {0} was decided before")]
    Decided(i64),
    #[error("nothing of this payment is left to pay back")]
    Repaid,
    #[error(transparent)]
    Transition(#[from] TransitionError),
}

impl From<StoreError> for DecideError {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// Who decides, and what they say about it.
#[derive(Clone, Copy, Debug)]
pub struct Decider<'a> {
    /// An admin's account; none at the command line.
    pub by: Option<AccountId>,
    pub note: &'a str,
}

/// Gives the money back that the review is about: the whole payment of an order that cannot be delivered, whose keys are
/// for sale again, or a payment too many. The gateway is asked for it later. Returns the repayment.
///
/// # Errors
/// `Missing`, `Invalid` for the note, `Decided`, `Repaid`; `Transition` where the order was delivered meanwhile.
pub async fn repay_review(pool: &PgPool, id: i64, decider: Decider<'_>, now_ms: u64) -> Result<PaymentId, DecideError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    let (review, order) = open(&mut transaction, id, decider.note).await?;
    let received = payment_received(&mut transaction, order.id).await?;
    let paid = received
        .into_iter()
        .find(|paid| review.payment.is_none_or(|payment| paid.payment() == payment));
    let paid = paid.filter(|paid| paid.left_minor > 0).ok_or(DecideError::Repaid)?;
    if review.question != Question::PaidTwice {
        hold_release(&mut transaction, &[order.id]).await?;
        orders_move(&mut transaction, &[(order.refund_undelivered()?, Vec::new())], 0).await?;
    }
    let new = NewRepayment {
        id: PaymentId::generate(),
        payment: paid.payment(),
        from_wallet: paid.undelivered_wallet,
        item: None,
        amount_minor: paid.left_minor,
        reason: reason(review.question, decider.note),
    };
    repayment_insert(&mut transaction, &new, stored_ms(now_ms)).await?;
    close(&mut transaction, id, Decision::Repaid, decider, now_ms).await?;
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(new.id)
}

/// Closes a review that was settled elsewhere: order and money stay as they are, and what was held for the order is for
/// sale again.
///
/// # Errors
/// `Missing`, `Invalid` for the note, which says how it was settled, `Decided`.
pub async fn close_review(pool: &PgPool, id: i64, decider: Decider<'_>, now_ms: u64) -> Result<(), DecideError> {
    if decider.note.is_empty() {
        return Err(FlowError::invalid("note")("say how it was settled").into());
    }
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    let (review, order) = open(&mut transaction, id, decider.note).await?;
    if review.question != Question::PaidTwice {
        hold_release(&mut transaction, &[order.id]).await?;
    }
    close(&mut transaction, id, Decision::Closed, decider, now_ms).await?;
    transaction.commit().await.map_err(StoreError::from)?;
    Ok(())
}

/// Gives what is held for an undeliverable order back to its pools, so that its damaged key can be voided, and the order
/// is delivered from the stock.
///
/// # Errors
/// `Missing`, `Decided`.
pub async fn release_review(pool: &PgPool, id: i64) -> Result<(), DecideError> {
    let mut transaction = pool.begin().await.map_err(StoreError::from)?;
    let (review, order) = open(&mut transaction, id, "").await?;
    if review.question == Question::Undeliverable {
        hold_release(&mut transaction, &[order.id]).await?;
        transaction.commit().await.map_err(StoreError::from)?;
    }
    Ok(())
}

/// The question with the note, as long as a repayment's reason may be.
fn reason(question: Question, note: &str) -> String {
    let text = format!("{}: {note}", question.name());
    text.trim_end_matches(": ").chars().take(MAX_NOTE).collect()
}

/// An open review and its order, locked: whoever decides about an order is alone with it.
async fn open(connection: &mut PgConnection, id: i64, note: &str) -> Result<(Review, Order), DecideError> {
    if note.chars().count() > MAX_NOTE {
        return Err(FlowError::invalid("note")(format!("it has at most {MAX_NOTE} characters")).into());
    }
    let seen = review_get(&mut *connection, id).await?;
    let order: OrderId = seen.ok_or_else(|| FlowError::missing("review", &id))?.order;
    let order = order_lock(connection, order).await?;
    let order = order.ok_or_else(|| FlowError::missing("review", &id))?;
    let review = review_get(&mut *connection, id)
        .await?
        .filter(|review| review.closed.is_none());
    Ok((review.ok_or(DecideError::Decided(id))?, order))
}

async fn close(
    connection: &mut PgConnection,
    id: i64,
    decision: Decision,
    decider: Decider<'_>,
    now_ms: u64,
) -> Result<(), DecideError> {
    let Decider { by, note } = decider;
    if review_close(connection, id, decision, by, note, stored_ms(now_ms)).await? {
        Ok(())
    } else {
        Err(DecideError::Decided(id))
    }
}

//! Reviews and repayments, as the API shows them.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Amount, Currency, PaymentId};
use crate::domain::repayment::Repayment;
use crate::domain::review::Review;

/// A paid order that a person decides about.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Review)]
pub(crate) struct ShownReview<'a> {
    review: i64,
    order: Uuid,
    /// `out_of_stock`: paid, and there are not enough keys. `undeliverable`: paid, and one of its keys cannot be sold.
    /// `paid_twice`: paid again after it was paid.
    question: &'static str,
    /// The payment that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<PaymentId>)]
    payment: Option<String>,
    /// Unix milliseconds.
    opened_at: u64,
    /// Unix milliseconds; absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<u64>,
    /// `delivered`, `repaid` or `closed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

/// Money of a payment that goes back.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Repayment)]
pub(crate) struct ShownRepayment<'a> {
    /// Its id, which is the number of the refund that the gateway is told.
    #[schema(value_type = PaymentId)]
    repayment: String,
    #[schema(value_type = PaymentId)]
    payment: String,
    order: Uuid,
    /// The name of the gateway.
    gateway: &'a str,
    /// The gateway's own number of the payment.
    trade_no: &'a str,
    /// The delivered item that it is for; absent where nothing was delivered for the money.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<u32>,
    /// A decimal string.
    #[schema(value_type = Amount)]
    amount: String,
    /// ISO 4217.
    #[schema(value_type = Currency)]
    currency: &'static str,
    /// `pending`: the gateway is asked. `by_hand`: a person pays it back, and says so. `done`.
    state: &'static str,
    reason: &'a str,
    /// What the gateway, or the person, said last.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a str>,
    /// Unix milliseconds.
    created_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    done_at: Option<u64>,
    /// How often the gateway was asked.
    asked: u32,
}

impl<'a> From<&'a Review> for ShownReview<'a> {
    fn from(review: &'a Review) -> Self {
        Self {
            review: review.id,
            order: review.order.0,
            question: review.question.name(),
            payment: review.payment.map(|payment| payment.to_string()),
            opened_at: review.opened_at_ms,
            closed_at: review.closed.map(|(at_ms, _)| at_ms),
            decision: review.closed.map(|(_, decision)| decision.name()),
            note: review.note.as_deref(),
        }
    }
}

impl<'a> From<&'a Repayment> for ShownRepayment<'a> {
    fn from(repayment: &'a Repayment) -> Self {
        Self {
            repayment: repayment.id.to_string(),
            payment: repayment.payment.to_string(),
            order: repayment.order.0,
            gateway: &repayment.gateway,
            trade_no: &repayment.trade_no,
            item: repayment.item,
            amount: repayment.amount.decimal(),
            currency: repayment.amount.currency.code(),
            state: repayment.state.name(),
            reason: &repayment.reason,
            answer: repayment.answer.as_deref(),
            created_at: repayment.created_at_ms,
            done_at: repayment.done_at_ms,
            asked: repayment.asked,
        }
    }
}

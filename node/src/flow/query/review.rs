//! What a person decides about, and what goes back.

use sqlx::PgPool;
use uuid::Uuid;

use super::page::Page;
use crate::domain::payment::PaymentId;
use crate::domain::repayment::{Repayment, RepaymentState};
use crate::domain::review::Review;
use crate::store::StoreError;
use crate::store::repayment::{repayment_get, repayment_list};
use crate::store::review::{review_get, review_list};

/// A page of reviews, newest first, after that one: those that are open, or all.
///
/// # Errors
/// The database's.
pub async fn list_reviews(
    pool: &PgPool,
    all: bool,
    after: Option<i64>,
    limit: u32,
) -> Result<Page<Review>, StoreError> {
    let rows = review_list(pool, after.unwrap_or(i64::MAX), all, i64::from(limit) + 1).await?;
    Ok(Page::cut(rows, limit))
}

/// The review of that number.
///
/// # Errors
/// The database's.
pub async fn find_review(pool: &PgPool, id: i64) -> Result<Option<Review>, StoreError> {
    review_get(pool, id).await
}

/// A page of repayments, newest first, after that one, in that state where one is given.
///
/// # Errors
/// The database's.
pub async fn list_repayments(
    pool: &PgPool,
    state: Option<RepaymentState>,
    after: Option<PaymentId>,
    limit: u32,
) -> Result<Page<Repayment>, StoreError> {
    let before = after.unwrap_or(PaymentId(Uuid::max()));
    let rows = repayment_list(pool, before, state, i64::from(limit) + 1).await?;
    Ok(Page::cut(rows, limit))
}

/// The repayment of that id.
///
/// # Errors
/// The database's.
pub async fn find_repayment(pool: &PgPool, id: PaymentId) -> Result<Option<Repayment>, StoreError> {
    repayment_get(pool, id).await
}

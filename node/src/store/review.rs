//! Reviews: orders that a person decides about.

use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use super::column::{inconsistent, optional, whole};
use crate::domain::id::{AccountId, OrderId};
use crate::domain::payment::PaymentId;
use crate::domain::review::{Decision, Review};
use crate::domain::sale::Question;

#[derive(FromRow)]
struct ReviewRow {
    id: i64,
    order_id: Uuid,
    question: String,
    payment_id: Option<Uuid>,
    opened_at_ms: i64,
    closed_at_ms: Option<i64>,
    decision: Option<String>,
    note: Option<String>,
}

impl ReviewRow {
    fn into_review(self) -> Result<Review, StoreError> {
        let id = self.id;
        let wrong = |column| move || inconsistent("reviews", column, &id);
        let decision = self
            .decision
            .map(|name| Decision::from_name(&name).ok_or_else(wrong("decision")))
            .transpose()?;
        let closed_at_ms = optional("reviews", "closed_at_ms", self.closed_at_ms, &id)?;
        Ok(Review {
            id,
            order: OrderId(self.order_id),
            question: Question::from_name(&self.question).ok_or_else(wrong("question"))?,
            payment: self.payment_id.map(PaymentId),
            opened_at_ms: whole("reviews", "opened_at_ms", self.opened_at_ms, &id)?,
            closed: closed_at_ms.zip(decision),
            note: self.note,
        })
    }
}

/// At most `limit` reviews before that number, newest first: those that are open, or all.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn review_list(
    executor: impl PgExecutor<'_>,
    before: i64,
    all: bool,
    limit: i64,
) -> Result<Vec<Review>, StoreError> {
    let rows: Vec<ReviewRow> = sqlx::query_as(include_str!("sql/review_list.sql"))
        .bind(before)
        .bind(all)
        .bind(limit)
        .fetch_all(executor)
        .await?;
    rows.into_iter().map(ReviewRow::into_review).collect()
}

/// The review of that number.
///
/// # Errors
/// As [`review_list`].
pub async fn review_get(executor: impl PgExecutor<'_>, id: i64) -> Result<Option<Review>, StoreError> {
    let row: Option<ReviewRow> = sqlx::query_as(include_str!("sql/review_get.sql"))
        .bind(id)
        .fetch_optional(executor)
        .await?;
    row.map(ReviewRow::into_review).transpose()
}

/// Closes a review; `false` where it was closed before.
///
/// # Errors
/// The database's.
pub async fn review_close(
    connection: &mut PgConnection,
    id: i64,
    decision: Decision,
    by: Option<AccountId>,
    note: &str,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(include_str!("sql/review_close.sql"))
        .bind(id)
        .bind(now_ms)
        .bind(decision.name())
        .bind(by.map(|by| by.0))
        .bind(note)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

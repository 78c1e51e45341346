//! Repayments: money of payments that goes back.

use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use super::column::{inconsistent, money, optional, whole};
use crate::domain::id::OrderId;
use crate::domain::payment::PaymentId;
use crate::domain::repayment::{NewRepayment, Repayment, RepaymentState};

#[derive(FromRow)]
struct RepaymentRow {
    id: Uuid,
    payment_id: Uuid,
    order_id: Uuid,
    gateway_id: i32,
    gateway: String,
    trade_no: Option<String>,
    item: Option<i32>,
    amount_minor: i64,
    currency: String,
    state: String,
    reason: String,
    answer: Option<String>,
    created_at_ms: i64,
    done_at_ms: Option<i64>,
    asked: i32,
}

impl RepaymentRow {
    fn into_repayment(self) -> Result<Repayment, StoreError> {
        let id = PaymentId(self.id);
        let wrong = |column| move || inconsistent("repayments", column, &id);
        Ok(Repayment {
            id,
            payment: PaymentId(self.payment_id),
            order: OrderId(self.order_id),
            account: self.gateway_id,
            gateway: self.gateway,
            trade_no: self.trade_no.ok_or_else(wrong("payment_id"))?,
            item: optional("repayments", "item", self.item, &id)?,
            amount: money(self.amount_minor, &self.currency, "repayments", &id)?,
            state: RepaymentState::from_name(&self.state).ok_or_else(wrong("state"))?,
            reason: self.reason,
            answer: self.answer,
            created_at_ms: whole("repayments", "created_at_ms", self.created_at_ms, &id)?,
            done_at_ms: optional("repayments", "done_at_ms", self.done_at_ms, &id)?,
            asked: whole("repayments", "asked", self.asked, &id)?,
        })
    }
}

fn all(rows: Vec<RepaymentRow>) -> Result<Vec<Repayment>, StoreError> {
    rows.into_iter().map(RepaymentRow::into_repayment).collect()
}

/// Writes a repayment of a payment whose order is locked.
///
/// # Errors
/// The database's, also where more would go back than was received.
pub async fn repayment_insert(
    connection: &mut PgConnection,
    new: &NewRepayment,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/repayment_insert.sql"))
        .bind(new.id.0)
        .bind(new.payment.0)
        .bind(new.from_wallet)
        .bind(new.item.map(u32::cast_signed))
        .bind(new.amount_minor)
        .bind(&new.reason)
        .bind(now_ms)
        .execute(connection)
        .await?;
    Ok(())
}

/// At most `limit` repayments before that id, newest first, in that state where one is given.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn repayment_list(
    executor: impl PgExecutor<'_>,
    before: PaymentId,
    state: Option<RepaymentState>,
    limit: i64,
) -> Result<Vec<Repayment>, StoreError> {
    let statement = sqlx::query_as(include_str!("sql/repayment_list.sql")).bind(before.0);
    let statement = statement.bind(state.map(RepaymentState::name)).bind(limit);
    all(statement.fetch_all(executor).await?)
}

/// The repayment of that id.
///
/// # Errors
/// As [`repayment_list`].
pub async fn repayment_get(executor: impl PgExecutor<'_>, id: PaymentId) -> Result<Option<Repayment>, StoreError> {
    let row: Option<RepaymentRow> = sqlx::query_as(include_str!("sql/repayment_get.sql"))
        .bind(id.0)
        .fetch_optional(executor)
        .await?;
    row.map(RepaymentRow::into_repayment).transpose()
}

/// Takes at most `limit` pending repayments through those accounts that are due, and puts each off.
///
/// # Errors
/// As [`repayment_list`].
pub async fn repayment_claim(
    executor: impl PgExecutor<'_>,
    accounts: &[i32],
    now_ms: i64,
    limit: i64,
) -> Result<Vec<Repayment>, StoreError> {
    let statement = sqlx::query_as(include_str!("sql/repayment_claim.sql")).bind(accounts);
    all(statement.bind(now_ms).bind(limit).fetch_all(executor).await?)
}

/// Keeps what the gateway said of a pending repayment; `by_hand` leaves it to a person.
///
/// # Errors
/// The database's.
pub async fn repayment_note(
    executor: impl PgExecutor<'_>,
    id: PaymentId,
    answer: &str,
    by_hand: bool,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/repayment_note.sql"))
        .bind(id.0)
        .bind(answer)
        .bind(by_hand)
        .execute(executor)
        .await?;
    Ok(())
}

/// The wallets that a repayment moves money between, from and to, and the amount, all locked; `None` where it is done.
///
/// # Errors
/// The database's.
pub async fn repayment_lock(
    connection: &mut PgConnection,
    id: PaymentId,
) -> Result<Option<(i64, i64, i64)>, StoreError> {
    let found: Option<(i64, i64, i64)> = sqlx::query_as(include_str!("sql/repayment_lock.sql"))
        .bind(id.0)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some((from, to, _)) = found {
        sqlx::query(include_str!("sql/repayment_lock_wallets.sql"))
            .bind([from, to])
            .execute(connection)
            .await?;
    }
    Ok(found)
}

/// Ends a repayment that [`repayment_lock`] locked.
///
/// # Errors
/// The database's.
pub async fn repayment_done(
    connection: &mut PgConnection,
    id: PaymentId,
    answer: Option<&str>,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/repayment_done.sql"))
        .bind(id.0)
        .bind(now_ms)
        .bind(answer)
        .execute(connection)
        .await?;
    Ok(())
}

/// A payment that was received, and what of it does not go back.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct ReceivedRow {
    id: Uuid,
    pub left_minor: i64,
    /// The wallet of what is not delivered in its currency.
    pub undelivered_wallet: i64,
}

impl ReceivedRow {
    #[must_use]
    pub const fn payment(&self) -> PaymentId {
        PaymentId(self.id)
    }
}

/// The payments of an order that were received, the first one first. The order must be locked.
///
/// # Errors
/// The database's.
pub async fn payment_received(connection: &mut PgConnection, order: OrderId) -> Result<Vec<ReceivedRow>, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/payment_received.sql"))
        .bind(order.0)
        .fetch_all(connection)
        .await?)
}

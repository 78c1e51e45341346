//! Payments through gateways, one by one; those that batches of the sale write are in
//! [`settle_write`](super::settle_write).

use sqlx::{FromRow, PgConnection, PgExecutor};
use uuid::Uuid;

use super::StoreError;
use super::column::{inconsistent, money, optional, whole};
use super::settle_write::NewPaymentRow;
use super::walk::{Bounds, Columns, Looked};
use crate::domain::id::OrderId;
use crate::domain::payment::{DuePayment, Payment, PaymentFilter, PaymentId, PaymentState};

#[derive(FromRow)]
struct PaymentRow {
    id: Uuid,
    order_id: Uuid,
    gateway_id: i32,
    gateway: String,
    amount_minor: i64,
    currency: String,
    state: String,
    trade_no: Option<String>,
    url: Option<String>,
    created_at_ms: i64,
    received_at_ms: Option<i64>,
    ask_at_ms: i64,
    asked: i32,
}

#[derive(FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    payment: PaymentRow,
    #[sqlx(flatten)]
    columns: Columns,
}

#[derive(FromRow)]
struct DueRow {
    #[sqlx(flatten)]
    payment: PaymentRow,
    expires_at_ms: Option<i64>,
}

impl PaymentRow {
    fn into_payment(self) -> Result<Payment, StoreError> {
        let id = PaymentId(self.id);
        let state = PaymentState::from_name(&self.state);
        Ok(Payment {
            id,
            order: OrderId(self.order_id),
            account: self.gateway_id,
            gateway: self.gateway,
            amount: money(self.amount_minor, &self.currency, "payments", &id)?,
            state: state.ok_or_else(|| inconsistent("payments", "state", &id))?,
            trade_no: self.trade_no,
            url: self.url,
            created_at_ms: whole("payments", "created_at_ms", self.created_at_ms, &id)?,
            received_at_ms: optional("payments", "received_at_ms", self.received_at_ms, &id)?,
            ask_at_ms: whole("payments", "ask_at_ms", self.ask_at_ms, &id)?,
            asked: whole("payments", "asked", self.asked, &id)?,
        })
    }
}

/// The payment of that id.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn payment_get(executor: impl PgExecutor<'_>, id: PaymentId) -> Result<Option<Payment>, StoreError> {
    let row: Option<PaymentRow> = sqlx::query_as(include_str!("sql/payment_get.sql"))
        .bind(id.0)
        .fetch_optional(executor)
        .await?;
    row.map(PaymentRow::into_payment).transpose()
}

/// The payment of an order through that account.
///
/// # Errors
/// As [`payment_get`].
pub async fn payment_of_order(
    executor: impl PgExecutor<'_>,
    order: OrderId,
    account: i32,
) -> Result<Option<Payment>, StoreError> {
    let row: Option<PaymentRow> = sqlx::query_as(include_str!("sql/payment_of_order.sql"))
        .bind(order.0)
        .bind(account)
        .fetch_optional(executor)
        .await?;
    row.map(PaymentRow::into_payment).transpose()
}

/// All payments of an order, the first one first.
///
/// # Errors
/// As [`payment_get`].
pub async fn payment_list_of_order(executor: impl PgExecutor<'_>, order: OrderId) -> Result<Vec<Payment>, StoreError> {
    let rows: Vec<PaymentRow> = sqlx::query_as(include_str!("sql/payment_list_of_order.sql"))
        .bind(order.0)
        .fetch_all(executor)
        .await?;
    rows.into_iter().map(PaymentRow::into_payment).collect()
}

/// The payments before that id, newest first: those that meet the filter, and the last that was looked at.
///
/// # Errors
/// As [`payment_get`].
pub async fn payment_list(
    executor: impl PgExecutor<'_>,
    before: PaymentId,
    filter: &PaymentFilter,
    bounds: Bounds,
) -> Result<Vec<Looked<Payment>>, StoreError> {
    let rows: Vec<ListedRow> = sqlx::query_as(include_str!("sql/payment_list.sql"))
        .bind(before.0)
        .bind(i64::from(bounds.looked))
        .bind(bounds.returned())
        .bind(filter.state.map(PaymentState::name))
        .bind(&filter.gateway)
        .bind(filter.order.map(|order| order.0))
        .fetch_all(executor)
        .await?;
    let looked = rows
        .into_iter()
        .map(|row| Ok(row.columns.with(row.payment.into_payment()?)));
    looked.collect()
}

/// Keeps the page that a gateway made for a payment, and its number. Where there is a page already, or the payment was
/// received, nothing changes.
///
/// # Errors
/// The database's; constraint `payments_trade_no` where another payment has that number.
pub async fn payment_store_page(
    executor: impl PgExecutor<'_>,
    id: PaymentId,
    url: &str,
    trade_no: Option<&str>,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/payment_store_page.sql"))
        .bind(id.0)
        .bind(url)
        .bind(trade_no)
        .execute(executor)
        .await?;
    Ok(())
}

/// Writes another payment of an order that is locked, unless it has one through that account.
///
/// # Errors
/// The database's.
pub async fn payment_add(connection: &mut PgConnection, payment: &NewPaymentRow, at_ms: i64) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/payment_add.sql"))
        .bind(payment.id.0)
        .bind(payment.order.0)
        .bind(payment.gateway)
        .bind(payment.amount.minor)
        .bind(payment.amount.currency.code())
        .bind(at_ms)
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes the pending payment of those accounts that has been due for longest, and puts it off.
///
/// # Errors
/// As [`payment_get`].
pub async fn payment_claim(
    executor: impl PgExecutor<'_>,
    accounts: &[i32],
    now_ms: i64,
) -> Result<Option<DuePayment>, StoreError> {
    let row: Option<DueRow> = sqlx::query_as(include_str!("sql/payment_claim.sql"))
        .bind(accounts)
        .bind(now_ms)
        .fetch_optional(executor)
        .await?;
    let due = row.map(|row| {
        let id = row.payment.id;
        let expires_at_ms = optional("orders", "expires_at_ms", row.expires_at_ms, &id)?;
        Ok(DuePayment {
            payment: row.payment.into_payment()?,
            expires_at_ms: expires_at_ms.ok_or_else(|| inconsistent("orders", "expires_at_ms", &id))?,
        })
    });
    due.transpose()
}

/// Closes a pending payment.
///
/// # Errors
/// The database's.
pub async fn payment_close(executor: impl PgExecutor<'_>, id: PaymentId) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/payment_close.sql"))
        .bind(id.0)
        .execute(executor)
        .await?;
    Ok(())
}

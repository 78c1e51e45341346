//! Writes what a batch changes about orders that were placed before, and about payments and holds.

use sqlx::{PgConnection, Postgres};

use super::StoreError;
use super::column::inconsistent;
use super::order::lines_literal;
use super::sale_write::keys_literal;
use crate::domain::id::OrderId;
use crate::domain::money::Money;
use crate::domain::order::Order;
use crate::domain::payment::PaymentId;
use crate::domain::sale::Question;

/// A payment that an order was placed with.
#[derive(Clone, Copy, Debug)]
pub struct NewPaymentRow {
    pub id: PaymentId,
    pub order: OrderId,
    pub gateway: i32,
    pub amount: Money,
}

/// The rows of one batch.
#[derive(Debug, Default)]
pub struct SettleRows {
    /// The payments that orders of this batch are placed with.
    pub new_payments: Vec<NewPaymentRow>,
    /// Orders after their change, each with the keys that it gets.
    pub orders: Vec<(Order, Vec<i64>)>,
    /// Payments that were received, with the gateways' numbers.
    pub received: Vec<(PaymentId, String)>,
    /// Holds whose keys are delivered.
    pub holds: Vec<i64>,
    /// What a person has to decide.
    pub questions: Vec<(OrderId, Question, Option<PaymentId>)>,
}

impl SettleRows {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.new_payments.is_empty() && self.orders.is_empty() && self.received.is_empty() && self.questions.is_empty()
    }
}

/// Writes the rows; `batch` is the batch's number and `at_ms` its time, Unix milliseconds.
///
/// # Errors
/// If the database fails, a constraint refuses a row, or a row is not as it was read under its lock.
pub async fn settle_write(
    connection: &mut PgConnection,
    rows: &SettleRows,
    batch: i64,
    at_ms: u64,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let at_ms = at_ms.cast_signed();
    if !rows.new_payments.is_empty() {
        payments_insert(connection, &rows.new_payments, at_ms).await?;
    }
    if !rows.orders.is_empty() {
        orders_move(connection, &rows.orders, batch).await?;
        let delivered = rows.orders.iter().filter(|(_, keys)| !keys.is_empty());
        sqlx::query(include_str!("sql/review_answer.sql"))
            .bind(delivered.map(|(order, _)| order.id.0).collect::<Vec<_>>())
            .bind(at_ms)
            .execute(&mut *connection)
            .await?;
    }
    if !rows.received.is_empty() {
        let statement = sqlx::query_scalar(include_str!("sql/settle_payments.sql"))
            .bind(rows.received.iter().map(|(payment, _)| payment.0).collect::<Vec<_>>())
            .bind(
                rows.received
                    .iter()
                    .map(|(_, trade_no)| trade_no.as_str())
                    .collect::<Vec<_>>(),
            )
            .bind(batch)
            .bind(at_ms);
        expect(
            statement.fetch_one(&mut *connection).await?,
            rows.received.len(),
            "payments",
            batch,
        )?;
    }
    if !rows.holds.is_empty() {
        let statement = sqlx::query_scalar(include_str!("sql/settle_holds.sql"))
            .bind(&rows.holds)
            .bind(batch);
        expect(
            statement.fetch_one(&mut *connection).await?,
            rows.holds.len(),
            "holds",
            batch,
        )?;
    }
    if !rows.questions.is_empty() {
        sqlx::query(include_str!("sql/review_open.sql"))
            .bind(rows.questions.iter().map(|(order, ..)| order.0).collect::<Vec<_>>())
            .bind(
                rows.questions
                    .iter()
                    .map(|(_, question, _)| question.name())
                    .collect::<Vec<_>>(),
            )
            .bind(
                rows.questions
                    .iter()
                    .map(|(.., payment)| payment.map(|id| id.0))
                    .collect::<Vec<_>>(),
            )
            .bind(at_ms)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Writes orders after their change, each with the keys that batch number `batch` delivers of it.
///
/// # Errors
/// If the database fails, a constraint refuses a row, or an order is not as it was read under its lock.
pub async fn orders_move(
    connection: &mut PgConnection,
    orders: &[(Order, Vec<i64>)],
    batch: i64,
) -> Result<(), StoreError> {
    let each = || orders.iter().map(|(order, _)| order);
    let statement = sqlx::query_scalar::<Postgres, i64>(include_str!("sql/settle_orders.sql"))
        .bind(each().map(|order| order.id.0).collect::<Vec<_>>())
        .bind(each().map(|order| order.status.name()).collect::<Vec<_>>())
        .bind(each().map(|order| order.version.cast_signed()).collect::<Vec<_>>())
        .bind(each().map(|order| lines_literal(&order.lines)).collect::<Vec<_>>())
        .bind(orders.iter().map(|(_, keys)| keys_literal(keys)).collect::<Vec<_>>())
        .bind(batch);
    let moved = statement.fetch_one(connection).await?;
    expect(moved, orders.len(), "orders", batch)
}

async fn payments_insert(
    connection: &mut PgConnection,
    payments: &[NewPaymentRow],
    at_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/payment_insert.sql"))
        .bind(payments.iter().map(|row| row.id.0).collect::<Vec<_>>())
        .bind(payments.iter().map(|row| row.order.0).collect::<Vec<_>>())
        .bind(payments.iter().map(|row| row.gateway).collect::<Vec<_>>())
        .bind(payments.iter().map(|row| row.amount.minor).collect::<Vec<_>>())
        .bind(
            payments
                .iter()
                .map(|row| row.amount.currency.code())
                .collect::<Vec<_>>(),
        )
        .bind(at_ms)
        .execute(connection)
        .await?;
    Ok(())
}

/// Every row was locked when it was read, so that fewer changed rows mean a fault of this program.
fn expect(changed: i64, wanted: usize, table: &'static str, batch: i64) -> Result<(), StoreError> {
    if usize::try_from(changed) == Ok(wanted) {
        Ok(())
    } else {
        Err(inconsistent(table, "state", &format!("batch {batch}")))
    }
}

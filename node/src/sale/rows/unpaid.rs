//! The rows of orders that are paid after they were placed.

use super::{BatchRows, RowsError};
use crate::domain::delivery::{ReserveOutcome, Reserved, Settled};
use crate::domain::money::Money;
use crate::domain::order::{Order, OrderStatus, RefusalReason, TransitionError};
use crate::domain::sale::{Reservation, Unsettled};
use crate::sale::plan::{Bought, Delivery, Taken, Then};
use crate::store::sale_write::Movement;
use crate::store::settle_write::NewPaymentRow;

/// The order as a settlement leaves it; `is_taken` says whether a payment is taken.
pub(super) fn settled(order: &Order, is_taken: bool, then: &Then<Delivery>) -> Result<Order, TransitionError> {
    let order = order.clone();
    match then {
        Then::Deliver(_) if order.status == OrderStatus::Paid => order.deliver_all(),
        Then::Deliver(_) => order.pay_and_deliver(),
        Then::Ask(_) if is_taken && order.status.waits_for_payment() => order.pay(),
        Then::Ask(_) | Then::Nothing => Ok(order),
    }
}

/// Adds the rows of an order that waits for its payment, with what is held for it. One that is refused leaves no row: its
/// repeat is decided anew.
pub(super) fn reserve(
    rows: &mut BatchRows,
    order: Order,
    reservation: &Reservation,
    outcome: Result<(Money, Vec<Bought>), RefusalReason>,
) -> Result<ReserveOutcome, RowsError> {
    let (total, lines) = match outcome {
        Ok(placed) => placed,
        Err(reason) => return Ok(ReserveOutcome::Refused(reason)),
    };
    let expires_at_ms = order.expires_at_ms.unwrap_or_default();
    for (line, bought) in (1..).zip(&lines) {
        for opened in &bought.keys {
            let is_held = rows
                .writes
                .stock
                .hold(&bought.priced.pool, &opened.key, order.id, line, expires_at_ms);
            if !is_held {
                return Err(RowsError::Key(opened.key.head.key_no));
            }
        }
    }
    rows.settled.new_payments.push(NewPaymentRow {
        id: reservation.payment,
        order: order.id,
        gateway: reservation.gateway,
        amount: total,
    });
    let reserved = Reserved {
        order: order.id,
        created_at_ms: order.created_at_ms,
        expires_at_ms,
        total,
    };
    let placed = &reservation.order;
    rows.writes
        .orders
        .push_unpaid(order, placed.fingerprint, reservation.address.0);
    Ok(ReserveOutcome::Reserved(reserved))
}

/// Adds the rows of an order that was paid: `order` is what it becomes.
pub(super) fn settle(
    rows: &mut BatchRows,
    order: Order,
    unsettled: &Unsettled,
    taken: Option<Taken>,
    then: Then<Delivery>,
) -> Result<Settled, RowsError> {
    let payment = taken.as_ref().map(|taken| taken.payment);
    if let Some(taken) = taken {
        let (from, to) = (taken.clearing_wallet, unsettled.undelivered_wallet);
        rows.writes
            .money
            .transfer(Movement::Payment, from, to, taken.amount_minor);
        rows.settled.received.push((taken.payment, taken.trade_no));
    }
    Ok(match then {
        Then::Deliver(delivery) => {
            let keys = deliver(rows, &order, unsettled.undelivered_wallet, &delivery)?;
            let items = keys.len();
            rows.settled.holds.extend(delivery.holds);
            rows.settled.orders.push((order, keys));
            Settled::Delivered { items }
        }
        Then::Ask(question) => {
            rows.settled.questions.push((order.id, question, payment));
            if order.version != unsettled.order.version {
                rows.settled.orders.push((order, Vec::new()));
            }
            Settled::InReview(question)
        }
        Then::Nothing => Settled::Unchanged,
    })
}

/// Adds the money and the stock of a delivery. Returns its keys, by their items' numbers.
fn deliver(rows: &mut BatchRows, order: &Order, from: i64, delivery: &Delivery) -> Result<Vec<i64>, RowsError> {
    let mut keys = Vec::new();
    for line in &delivery.lines {
        for opened in &line.bought.keys {
            let (pool, key) = (&line.bought.priced.pool, &opened.key);
            keys.push(key.head.key_no);
            let item = u32::try_from(keys.len()).unwrap_or(u32::MAX);
            let net = order.item_net(item).ok_or(RowsError::Key(key.head.key_no))?;
            rows.writes
                .money
                .transfer(Movement::Sale, from, pool.revenue_wallet, net.minor);
            if !line.is_held && !rows.writes.stock.sell(pool, key) {
                return Err(RowsError::Key(key.head.key_no));
            }
        }
    }
    Ok(keys)
}

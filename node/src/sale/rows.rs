//! Turns the decisions of a batch into what is written and delivered: each sale's event and receipt, and the rows.
//!
//! Nothing here touches the database, so an error leaves nothing behind.

use alloy_primitives::B256;
use shelfproof_anchor::journal::Record;
use shelfproof_anchor::store::events::{NewEvent, Sale};
use shelfproof_verifier::event::{Kind, Opening};
use shelfproof_verifier::receipt::{Promise, Receipt};
use shelfproof_verifier::vocabulary::body::{Body, Sold};
use shelfproof_verifier::vocabulary::typed_data::SIGNATURE_BYTES;

mod unpaid;

use super::job::Answer;
use super::plan::{Decision, OpenedKey, Purchase, into_items, items};
use crate::domain::coupon::CouponUse;
use crate::domain::delivery::{Delivered, Item, OrderOutcome, sale_promise, sale_terms};
use crate::domain::id::OrderId;
use crate::domain::key;
use crate::domain::order::{NewOrder, Order, RefusalReason, TransitionError};
use crate::domain::sale::{AvailableKey, Pool, Purchased};
use crate::store::sale_write::{BatchWrites, Movement};
use crate::store::settle_write::SettleRows;
use crate::vault::{Signed, Vault};

/// A batch that is ready to be written, and the answers to its intents after the commit.
#[derive(Debug, Default)]
pub(super) struct BatchRows {
    pub(super) writes: BatchWrites,
    /// What changes of orders that were placed before, and of payments.
    pub(super) settled: SettleRows,
    pub(super) events: Vec<NewEvent>,
    /// What orders add to the counts of what their accounts bought.
    pub(super) purchases: Vec<(OrderId, Purchased)>,
    /// The uses of coupons.
    pub(super) coupon_uses: Vec<(OrderId, CouponUse)>,
    /// What the signature of the batch's receipts covers; `None` if it sells nothing.
    pub(super) signed: Option<SignedRoot>,
    /// In the order of the decisions.
    pub(super) answers: Vec<Answer>,
}

impl BatchRows {
    /// Whether there is nothing to write: what was asked for was done before, or leaves no row.
    pub(super) fn is_empty(&self) -> bool {
        self.writes.orders.is_empty() && self.settled.is_empty()
    }
}

/// What one signature covers: the root of the tree of the batch's promises, and their deadline.
#[derive(Clone, Copy, Debug)]
pub(super) struct SignedRoot {
    root: B256,
    signature: [u8; SIGNATURE_BYTES],
    times: Times,
}

impl SignedRoot {
    /// The record of that batch for the receipt journal.
    pub(super) const fn record(&self, batch: i64) -> Record {
        Record {
            batch,
            root: self.root,
            anchor_by_s: self.times.anchor_by_s,
            signature: self.signature,
            at_ms: self.times.now_ms,
        }
    }
}

/// Why a batch cannot be laid out.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowsError {
    #[error("a batch's receipts could not be signed")]
    Unsigned,
    /// The key's number.
    #[error("key {0} cannot be sold from its present state")]
    Key(i64),
    #[error(transparent)]
    Transition(#[from] TransitionError),
}

/// The time of a batch's sales, and the deadline by which they are promised to be anchored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Unix milliseconds.
    pub(super) now_ms: u64,
    /// Unix seconds.
    pub(super) anchor_by_s: u64,
    /// How long an order can be paid.
    pub(super) pay_within_ms: u64,
}

/// Chains the sales' events, signs them, and makes the rows of a batch. `salt` returns new random bytes at each call.
///
/// # Errors
/// If one of the sales cannot be made.
pub(super) fn lay_out(
    decisions: Vec<Decision<'_>>,
    vault: &Vault,
    times: Times,
    mut salt: impl FnMut() -> B256,
) -> Result<BatchRows, RowsError> {
    let mut rows = BatchRows::default();
    rows.writes.at_ms = times.now_ms;
    let mut orders = Vec::with_capacity(decisions.len());
    let mut promises = Vec::new();
    for decision in &decisions {
        let order = order(decision, times)?;
        for (item, pool, opened) in decision.items() {
            let sold = chain(&order, item, pool, &opened.key, times, salt())?;
            promises.push(sale_promise(&sold.event, order.buyer));
            rows.events.push(sold);
        }
        orders.push(order);
    }
    let signed = sign(vault, &promises, times)?;
    rows.signed = signed.as_ref().map(|signed| SignedRoot {
        root: signed.root,
        signature: signed.signature,
        times,
    });
    rows.writes.signature = rows.signed.map(|signed| signed.signature);
    let paths = signed
        .into_iter()
        .flat_map(|Signed { signature, paths, .. }| paths.into_iter().map(move |path| (path, signature)));
    let events = std::mem::take(&mut rows.events);
    let mut proofs = events.iter().zip(paths);
    let (mut answers, mut held) = (Vec::with_capacity(orders.len()), Vec::new());
    for (order, decision) in orders.into_iter().zip(decisions) {
        answers.push(match decision {
            Decision::Sell { order: new, outcome } => {
                let placed = sell(&mut rows, order, new, outcome, vault, times, &mut proofs)?;
                Some(Answer::Placed(placed))
            }
            Decision::Settle { unsettled, taken, then } => {
                // These receipts are handed out by whoever reads the order.
                proofs.by_ref().take(then.keys()).for_each(drop);
                let settled = unpaid::settle(&mut rows, order, &unsettled, taken, then)?;
                Some(Answer::Settled(settled))
            }
            Decision::Reserve { reservation, outcome } => {
                held.push((answers.len(), order, reservation, outcome));
                None
            }
        });
    }
    // The keys that are held come after those that are sold.
    for (at, order, reservation, outcome) in held {
        let reserved = unpaid::reserve(&mut rows, order, reservation, outcome)?;
        answers[at] = Some(Answer::Reserved(reserved));
    }
    rows.answers = answers.into_iter().flatten().collect();
    drop(proofs);
    rows.events = events;
    Ok(rows)
}

/// The order as the decision leaves it.
fn order(decision: &Decision<'_>, times: Times) -> Result<Order, TransitionError> {
    Ok(match decision {
        Decision::Sell {
            order: new,
            outcome: Ok(purchase),
        } => prepaid(new, purchase, times.now_ms)?,
        Decision::Sell {
            order: new,
            outcome: Err(reason),
        } => Order::refuse(new, *reason, times.now_ms),
        Decision::Reserve {
            reservation,
            outcome: Ok((total, lines)),
        } => {
            let lines = lines.iter().map(|bought| bought.priced.line);
            let placed = Order::place(&reservation.order, total.currency, lines.collect(), times.now_ms);
            placed.payable_until(times.now_ms + times.pay_within_ms)
        }
        Decision::Reserve {
            reservation,
            outcome: Err(reason),
        } => Order::refuse(&reservation.order, *reason, times.now_ms),
        Decision::Settle { unsettled, taken, then } => unpaid::settled(&unsettled.order, taken.is_some(), then)?,
    })
}

/// Adds the rows of an order that was paid from credit, or refused.
fn sell<'a>(
    rows: &mut BatchRows,
    order: Order,
    new: &NewOrder,
    outcome: Result<Purchase, RefusalReason>,
    vault: &Vault,
    times: Times,
    proofs: &mut impl Iterator<Item = (&'a NewEvent, (Vec<B256>, [u8; SIGNATURE_BYTES]))>,
) -> Result<OrderOutcome, RowsError> {
    let mut keys = Vec::new();
    let outcome = match outcome {
        Ok(purchase) => {
            keys = items(&purchase.lines)
                .map(|(.., opened)| opened.key.head.key_no)
                .collect();
            rows.purchases
                .extend(purchase.purchased.iter().map(|of| (order.id, *of)));
            rows.coupon_uses.extend(purchase.coupon_use.map(|of| (order.id, of)));
            deliver(&mut rows.writes, &order, purchase, vault, times, proofs)?
        }
        Err(reason) => refusal(&order, reason),
    };
    rows.writes.orders.push(order, new.fingerprint, keys);
    Ok(outcome)
}

/// The rows of an order that the database refused: it waits for an operator, and nothing is charged.
pub(super) fn abnormal(new: &NewOrder, now_ms: u64) -> BatchRows {
    let mut rows = BatchRows::default();
    rows.writes.at_ms = now_ms;
    let order = Order::refuse(new, RefusalReason::Abnormal, now_ms);
    rows.answers
        .push(Answer::Placed(refusal(&order, RefusalReason::Abnormal)));
    rows.writes.orders.push(order, new.fingerprint, Vec::new());
    rows
}

fn refusal(order: &Order, reason: RefusalReason) -> OrderOutcome {
    OrderOutcome::Refused {
        order: order.id,
        reason,
        created_at_ms: order.created_at_ms,
    }
}

/// An order that is placed, paid from credit and delivered in one step.
fn prepaid(new: &NewOrder, purchase: &Purchase, now_ms: u64) -> Result<Order, TransitionError> {
    let lines = purchase.lines.iter().map(|bought| bought.priced.line);
    Order::place(new, purchase.total.currency, lines.collect(), now_ms)
        .pay()?
        .deliver_all()
}

/// The sale's event, chained to the key's newest event.
fn chain(
    order: &Order,
    item: u32,
    pool: &Pool,
    key: &AvailableKey,
    times: Times,
    salt: B256,
) -> Result<NewEvent, RowsError> {
    let unwritable = || RowsError::Key(key.head.key_no);
    let (line, _) = order.line_of(item).ok_or_else(unwritable)?;
    let price = order.item_net(item).ok_or_else(unwritable)?;
    let body = Sold {
        order: Some(order.id.to_string().into()),
        line: Some(line.unsigned_abs().into()),
        product: Some(pool.product.to_string().into()),
        name: Some(pool.name.as_str().into()),
        price: Some(price.decimal().into()),
        currency: Some(price.currency.code().into()),
        buyer: order.buyer,
    };
    let opening = Opening {
        salt,
        body: body.to_json(),
    };
    let chained = key::next(&key.head, Kind::Sold, times.now_ms, opening).ok_or_else(unwritable)?;
    Ok(NewEvent {
        key_no: key.head.key_no,
        before: Some(key.head.state),
        event: chained.event,
        opening: chained.opening,
        sale: Some(Sale {
            order: order.id.0,
            item,
            anchor_by_s: times.anchor_by_s,
        }),
    })
}

/// One signature for the whole batch; `None` where it sells nothing.
fn sign(vault: &Vault, promises: &[B256], times: Times) -> Result<Option<Signed>, RowsError> {
    if promises.is_empty() {
        return Ok(None);
    }
    let signed = vault.sign_receipts(promises, times.anchor_by_s);
    signed.map(Some).ok_or(RowsError::Unsigned)
}

/// Adds the rows of a delivered order to `writes`, and returns what its customer gets. `proofs` must yield the event
/// of each item with its path and signature, beginning with the order's first.
fn deliver<'a>(
    writes: &mut BatchWrites,
    order: &Order,
    purchase: Purchase,
    vault: &Vault,
    times: Times,
    proofs: &mut impl Iterator<Item = (&'a NewEvent, (Vec<B256>, [u8; SIGNATURE_BYTES]))>,
) -> Result<OrderOutcome, RowsError> {
    let mut items = Vec::new();
    let (total, wallet) = (purchase.total, purchase.wallet);
    let (buyer, cover, token) = sale_terms(order.buyer);
    for ((item, pool, OpenedKey { key, goods }), (new, (path, signature))) in into_items(purchase.lines).zip(proofs) {
        let unwritable = || RowsError::Key(key.head.key_no);
        let (line, _) = order.line_of(item).ok_or_else(unwritable)?;
        let net = order.item_net(item).ok_or_else(unwritable)?;
        if !writes.stock.sell(&pool, &key) {
            return Err(unwritable());
        }
        writes
            .money
            .transfer(Movement::Sale, wallet, pool.revenue_wallet, net.minor);
        items.push(Item {
            item,
            line,
            product: pool.product,
            goods,
            receipt: Receipt {
                identity: *vault.identity(),
                vrf_proof: key.vrf_proof,
                promise: Promise {
                    event: new.event,
                    opening: Some(new.opening.clone()),
                    buyer,
                    cover,
                    token,
                    anchor_by_s: times.anchor_by_s,
                    path,
                    signature,
                },
            },
        });
    }
    Ok(OrderOutcome::Delivered(Delivered {
        order: order.id,
        created_at_ms: order.created_at_ms,
        total,
        items,
    }))
}

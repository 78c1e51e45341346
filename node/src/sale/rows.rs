//! From decisions to what is written and handed out: each sale's event, its receipt, the rows.

use std::collections::BTreeMap;

use alloy_primitives::B256;
use serde::Serialize;
use shelfproof_anchor::store::events::NewEvent;
use shelfproof_verifier::event::{KeyEvent, Kind, Opening};
use shelfproof_verifier::receipt::{Promise, Receipt};

use super::plan::{Decision, PlanState, Purchase};
use crate::domain::delivery::{Delivered, Item, OrderOutcome};
use crate::domain::goods::Goods;
use crate::domain::id::{OrderId, ProductId};
use crate::domain::key;
use crate::domain::order::{NewOrder, OrderStatus, RefusalReason};
use crate::store::sale::{AvailableKey, Pool};
use crate::store::sale_write::Writes;
use crate::vault::{Signed, Vault, VaultError};

/// A batch, ready to be written, and what its buyers get once that is done.
#[derive(Debug, Default)]
pub(super) struct BatchRows {
    pub(super) writes: Writes,
    pub(super) events: Vec<NewEvent>,
    pub(super) placed: Vec<(OrderId, OrderOutcome)>,
}

/// Why a batch cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub(super) enum RowsError {
    /// A key's goods could not be opened. Its product sells nothing more until that is mended, or the key voided.
    #[error("key {key_id}: {error}")]
    Vault {
        /// The key.
        key_id: B256,
        /// Why.
        error: VaultError,
    },
    /// The receipts could not be signed.
    #[error("a batch's receipts could not be signed")]
    Unsigned,
    /// A sale's event cannot be written.
    #[error("key {0} cannot be sold from where it stands")]
    Key(i64),
}

/// When a batch is sold, and by when it is promised to be anchored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Unix milliseconds.
    pub(super) now_ms: u64,
    /// Unix seconds.
    pub(super) anchor_by_s: u64,
}

/// A sale's body, as it is hashed and disclosed.
#[derive(Serialize)]
struct SaleBody<'a> {
    order: OrderId,
    line: i16,
    product: ProductId,
    name: &'a str,
    price: String,
    currency: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer: Option<B256>,
}

/// Chains, signs and lays out a batch. `salt` gives new random bytes at each call.
///
/// # Errors
/// Where one of the sales cannot be made. Nothing was written yet.
pub(super) fn lay_out(
    stock: &PlanState,
    decisions: Vec<Decision<'_>>,
    vault: &Vault,
    times: Times,
    mut salt: impl FnMut() -> B256,
) -> Result<BatchRows, RowsError> {
    let mut events = Vec::new();
    for Decision { order, outcome } in &decisions {
        for (line, shelf, key) in outcome.iter().flat_map(Purchase::keys) {
            events.push(chain(order, line, shelf, key, times, salt())?);
        }
    }
    let signed = sign(vault, &events, times)?;
    let mut record = BatchRows::default();
    record.net_wallets(&decisions)?;
    let mut proofs = events.iter().zip(signed);
    for Decision { order, outcome } in decisions {
        record.order(stock, order, &outcome, times);
        let placed = match outcome {
            Err(reason) => OrderOutcome::Refused {
                order: order.id,
                reason,
                created_at_ms: times.now_ms,
            },
            Ok(purchase) => OrderOutcome::Delivered(record.deliver(order, purchase, vault, times, &mut proofs)?),
        };
        record.placed.push((order.id, placed));
    }
    record.events = events;
    Ok(record)
}

/// The record of an order that could not be settled: it waits for somebody to look, and nothing was charged.
pub(super) fn abnormal(order: &NewOrder, now_ms: u64) -> BatchRows {
    let mut record = BatchRows::default();
    let times = Times { now_ms, anchor_by_s: 0 };
    record.order(&PlanState::default(), order, &Err(RefusalReason::Abnormal), times);
    record.placed.push((
        order.id,
        OrderOutcome::Refused {
            order: order.id,
            reason: RefusalReason::Abnormal,
            created_at_ms: now_ms,
        },
    ));
    record
}

/// The sale's event, after the key's newest.
fn chain(
    order: &NewOrder,
    line: i16,
    shelf: &Pool,
    key: &AvailableKey,
    times: Times,
    salt: B256,
) -> Result<NewEvent, RowsError> {
    let body = SaleBody {
        order: order.id,
        line,
        product: shelf.product,
        name: &shelf.name,
        price: shelf.price.decimal(),
        currency: shelf.price.currency.code(),
        buyer: order.buyer,
    };
    let unwritable = || RowsError::Key(key.head.key_no);
    let body = serde_json::to_string(&body).map_err(|_| unwritable())?;
    let link = key::next(&key.head, Kind::Sold, times.now_ms, Opening { salt, body }).ok_or_else(unwritable)?;
    Ok(NewEvent {
        anchor_by_s: Some(times.anchor_by_s),
        key_no: key.head.key_no,
        before: Some(key.head.state),
        event: link.event,
        opening: link.opening,
    })
}

/// One signature for the whole batch, and the path to it for each sale.
fn sign(vault: &Vault, events: &[NewEvent], times: Times) -> Result<Vec<Signed>, RowsError> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let events: Vec<KeyEvent> = events.iter().map(|appended| appended.event).collect();
    vault
        .sign_receipts(&events, times.anchor_by_s)
        .ok_or(RowsError::Unsigned)
}

/// What the buyer gets.
fn open(vault: &Vault, key: &AvailableKey) -> Result<Goods, RowsError> {
    let data_key = vault.data_key_open(key.batch, &key.wrapped);
    data_key
        .and_then(|data_key| data_key.open(&key.head.key_id, key.batch, &key.sealed))
        .map_err(|error| RowsError::Vault {
            key_id: key.head.key_id,
            error,
        })
}

/// The database's whole numbers have a sign.
const fn ms(at_ms: u64) -> i64 {
    at_ms.cast_signed()
}

impl BatchRows {
    /// Where the cursors end, and what the wallets give and get.
    fn net_wallets(&mut self, decisions: &[Decision<'_>]) -> Result<(), RowsError> {
        let mut cursors: BTreeMap<i32, (i64, i64)> = BTreeMap::new();
        let mut deltas: BTreeMap<i64, i64> = BTreeMap::new();
        for purchase in decisions.iter().filter_map(|decision| decision.outcome.as_ref().ok()) {
            *deltas.entry(purchase.wallet).or_default() -= purchase.total.minor;
            for (_, shelf, key) in purchase.keys() {
                *deltas.entry(shelf.revenue_wallet).or_default() += shelf.price.minor;
                let (cursor, holes) = cursors.entry(shelf.pool).or_insert((shelf.cursor, 0));
                // Slots between the cursor and the key that was there hold none. A cursor never goes back.
                let stepped = key.slot - *cursor;
                *holes += if stepped < 0 {
                    return Err(RowsError::Key(key.head.key_no));
                } else {
                    stepped
                };
                *cursor = key.slot + 1;
            }
        }
        for (pool, (cursor, holes)) in cursors {
            self.writes.pools.id.push(pool);
            self.writes.pools.cursor.push(cursor);
            self.writes.pools.holes.push(holes);
        }
        for (wallet, delta_minor) in deltas.into_iter().filter(|(_, delta_minor)| *delta_minor != 0) {
            self.writes.wallets.id.push(wallet);
            self.writes.wallets.delta_minor.push(delta_minor);
        }
        Ok(())
    }

    /// The rows of an order and its lines.
    fn order(&mut self, stock: &PlanState, order: &NewOrder, outcome: &Result<Purchase, RefusalReason>, times: Times) {
        let (state, reason) = match outcome {
            Ok(_) => (OrderStatus::Delivered, None),
            Err(reason) => (OrderStatus::Refused(*reason), Some(reason.name())),
        };
        let total = outcome.as_ref().ok().map(|purchase| purchase.total);
        let orders = &mut self.writes.orders;
        orders.id.push(order.id.0);
        orders.account.push(order.account.0);
        orders.state.push(state.name());
        orders.reason.push(reason);
        orders.total_minor.push(total.map_or(0, |total| total.minor));
        orders.currency.push(total.map_or("", |total| total.currency.code()));
        orders.buyer.push(order.buyer.map(|buyer| buyer.0));
        orders.created_at_ms.push(ms(times.now_ms));
        let lines = &mut self.writes.lines;
        for (line, asked) in (1..).zip(&order.lines) {
            lines.order.push(order.id.0);
            lines.line.push(line);
            lines.product.push(asked.product.0);
            lines.quantity.push(asked.quantity.cast_signed());
            let price = stock.price(&asked.product);
            lines.price_minor.push(price.map_or(0, |price| price.minor));
        }
    }

    /// The rows of an order's keys and of what they cost, and what the buyer is handed.
    fn deliver<'a>(
        &mut self,
        order: &NewOrder,
        purchase: Purchase,
        vault: &Vault,
        times: Times,
        proofs: &mut impl Iterator<Item = (&'a NewEvent, Signed)>,
    ) -> Result<Delivered, RowsError> {
        let Purchase { total, wallet, lines } = purchase;
        let mut items = Vec::new();
        for (line, bought) in (1..).zip(lines) {
            let amount_minor = bought.shelf.price.minor * ms(bought.keys.len() as u64);
            if amount_minor > 0 {
                let ledger = &mut self.writes.ledger;
                ledger.from.push(wallet);
                ledger.to.push(bought.shelf.revenue_wallet);
                ledger.amount_minor.push(amount_minor);
                ledger.order.push(order.id.0);
                ledger.line.push(line);
                ledger.at_ms.push(ms(times.now_ms));
            }
            // The proofs come in the order of orders, lines and keys, one for each.
            for (key, (appended, signed)) in bought.keys.into_iter().zip(&mut *proofs) {
                self.sale(order.id, line, appended, &signed, times);
                let goods = open(vault, &key)?;
                let promise = Promise {
                    event: appended.event,
                    opening: Some(appended.opening.clone()),
                    anchor_by_s: times.anchor_by_s,
                    path: signed.path,
                    signature: signed.signature,
                };
                items.push(Item {
                    line,
                    product: bought.shelf.product,
                    goods,
                    receipt: Receipt {
                        identity: *vault.identity(),
                        vrf_proof: key.vrf_proof,
                        promise,
                    },
                });
            }
        }
        Ok(Delivered {
            order: order.id,
            created_at_ms: times.now_ms,
            total,
            items,
        })
    }

    /// The rows of one key.
    fn sale(&mut self, order: OrderId, line: i16, appended: &NewEvent, signed: &Signed, times: Times) {
        let event = &appended.event;
        let keys = &mut self.writes.keys;
        keys.no.push(appended.key_no);
        keys.version.push(event.version.cast_signed());
        keys.head.push(event.hash().0);
        keys.at_ms.push(ms(event.at_ms));
        let sales = &mut self.writes.sales;
        sales.key_no.push(appended.key_no);
        sales.order.push(order.0);
        sales.line.push(line);
        sales.anchor_by_s.push(ms(times.anchor_by_s));
        sales.path.push(signed.path.concat());
        sales.signature.push(signed.signature);
    }
}

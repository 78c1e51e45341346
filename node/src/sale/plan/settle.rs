//! Orders that were paid: what is delivered, and what a person has to decide.

use std::collections::HashMap;
use std::sync::Arc;

use super::keys::OpenedKeys;
use super::price::PricedLine;
use super::{Bought, Choice, HeldBack, Left};
use crate::domain::order::OrderStatus;
use crate::domain::payment::{PaymentId, PaymentState};
use crate::domain::sale::{HeldRange, Question, Settlement, Unsettled};

/// A payment that the batch takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sale) struct Taken {
    pub(in crate::sale) payment: PaymentId,
    pub(in crate::sale) trade_no: String,
    pub(in crate::sale) amount_minor: i64,
    pub(in crate::sale) clearing_wallet: i64,
}

/// What follows for the order.
#[derive(Debug)]
pub(in crate::sale) enum Then<D> {
    Deliver(D),
    /// It is paid, and a person decides.
    Ask(Question),
    Nothing,
}

/// The decision on a settlement before the keys are read.
#[derive(Debug)]
pub(in crate::sale) struct Outcome {
    pub(super) taken: Option<Taken>,
    pub(super) then: Then<Vec<DueLine>>,
}

/// A line that is delivered.
#[derive(Debug)]
pub(in crate::sale) struct DueLine {
    priced: PricedLine,
    /// Where its keys are held; from the stock where they are not.
    held: Vec<HeldRange>,
}

/// What is delivered.
#[derive(Debug)]
pub(in crate::sale) struct Delivery {
    pub(in crate::sale) lines: Vec<DeliveredLine>,
    /// The holds that this ends.
    pub(in crate::sale) holds: Vec<i64>,
}

/// A line with its keys.
#[derive(Debug)]
pub(in crate::sale) struct DeliveredLine {
    pub(in crate::sale) bought: Bought,
    /// Whether its keys were held, and so were taken from the pool before.
    pub(in crate::sale) is_held: bool,
}

impl Outcome {
    fn due(&self) -> &[DueLine] {
        match &self.then {
            Then::Deliver(lines) => lines,
            Then::Ask(_) | Then::Nothing => &[],
        }
    }

    /// The lines whose keys come from the stock.
    pub(super) fn of_stock(&self) -> impl Iterator<Item = &PricedLine> {
        let lines = self.due().iter().filter(|line| line.held.is_empty());
        lines.map(|line| &line.priced)
    }

    /// The slots of the held keys.
    pub(super) fn held(&self) -> impl Iterator<Item = HeldRange> {
        self.due().iter().flat_map(|line| line.held.iter().copied())
    }
}

impl Then<Delivery> {
    /// How many keys are delivered.
    pub(in crate::sale) fn keys(&self) -> usize {
        match self {
            Self::Deliver(delivery) => delivery.lines.iter().map(|line| line.bought.keys.len()).sum(),
            Self::Ask(_) | Self::Nothing => 0,
        }
    }
}

impl Then<Vec<DueLine>> {
    /// With the keys.
    pub(super) fn deliver(self, opened: &mut OpenedKeys) -> Then<Delivery> {
        match self {
            Self::Deliver(due) => {
                let holds = due
                    .iter()
                    .flat_map(|line| line.held.iter().map(|range| range.hold))
                    .collect();
                let lines = due.into_iter().map(|line| line.deliver(opened)).collect();
                Then::Deliver(Delivery { lines, holds })
            }
            Self::Ask(question) => Then::Ask(question),
            Self::Nothing => Then::Nothing,
        }
    }
}

impl DueLine {
    fn deliver(self, opened: &mut OpenedKeys) -> DeliveredLine {
        let is_held = !self.held.is_empty();
        let keys = if is_held {
            self.held
                .iter()
                .flat_map(|range| opened.take_held(range.hold))
                .collect()
        } else {
            opened.take(self.priced.pool.pool, self.priced.line.quantity)
        };
        DeliveredLine {
            bought: Bought {
                priced: self.priced,
                keys,
            },
            is_held,
        }
    }
}

impl Left<'_> {
    pub(super) fn settle<'a>(&mut self, settlement: &Settlement) -> Choice<'a> {
        let Some(unsettled) = self.state.unsettled.get(&settlement.order) else {
            return Choice::HoldBack(HeldBack::Locked);
        };
        let taken = taken(settlement, unsettled);
        let then = match (unsettled.order.status, &taken, &settlement.received) {
            (OrderStatus::AwaitingPayment | OrderStatus::Expired | OrderStatus::Cancelled, Some(_), _)
            | (OrderStatus::Paid, None, None)
                if taken.is_some() || unsettled.is_asked =>
            {
                match self.due(unsettled) {
                    Ok((_, keys, _)) if !self.fits(keys) => return self.full(),
                    Ok((lines, keys, wanted)) => {
                        self.take_keys(keys, &wanted);
                        Then::Deliver(lines)
                    }
                    Err(question) => Then::Ask(question),
                }
            }
            (_, Some(_), _) => Then::Ask(Question::PaidTwice),
            (_, None, _) => Then::Nothing,
        };
        Choice::Settle {
            unsettled: Arc::clone(unsettled),
            outcome: Outcome { taken, then },
        }
    }

    /// The lines with where their keys are, how many keys that are, and how many of each pool's stock; else what keeps the
    /// order from being delivered. It is delivered whole or not at all.
    #[expect(
        clippy::type_complexity,
        reason = "three parts of one answer, which are used at once"
    )]
    fn due(&self, unsettled: &Unsettled) -> Result<(Vec<DueLine>, u32, HashMap<i32, i64>), Question> {
        let order = &unsettled.order;
        if self.state.undeliverable.contains(&order.id) {
            return Err(Question::Undeliverable);
        }
        let mut wanted: HashMap<i32, i64> = HashMap::new();
        let mut due = Vec::with_capacity(order.lines.len());
        for (number, line) in (1..).zip(&order.lines) {
            let pool = self.state.pools.get(&line.product).ok_or(Question::Undeliverable)?;
            let held: Vec<_> = unsettled
                .holds
                .iter()
                .filter(|range| range.line == number)
                .copied()
                .collect();
            if held.is_empty() {
                *wanted.entry(pool.pool).or_default() += i64::from(line.quantity);
            }
            let pool = Arc::clone(pool);
            let priced = PricedLine { pool, line: *line };
            due.push(DueLine { priced, held });
        }
        if !self.has_stock(&wanted) {
            return Err(Question::OutOfStock);
        }
        if !self.is_sellable(&wanted) {
            return Err(Question::Undeliverable);
        }
        Ok((due, order.quantity(), wanted))
    }
}

/// The payment, where it was not received before. One of another amount is not taken: whoever verified it has refused it
/// already.
fn taken(settlement: &Settlement, unsettled: &Unsettled) -> Option<Taken> {
    let (received, payment) = (settlement.received.as_ref()?, unsettled.payment.as_ref()?);
    if payment.state == PaymentState::Received {
        if payment.trade_no.as_deref() != Some(&received.trade_no) {
            let (first, second) = (payment.trade_no.as_deref(), &received.trade_no);
            tracing::error!(payment = %payment.id, first, second, "one payment was collected twice: pay one back at the gateway");
        }
        return None;
    }
    if payment.id != received.payment || payment.amount != received.amount {
        tracing::error!(payment = %payment.id, "a payment of another amount or id came as far as the sale");
        return None;
    }
    Some(Taken {
        payment: payment.id,
        trade_no: received.trade_no.clone(),
        amount_minor: payment.amount.minor,
        clearing_wallet: payment.clearing_wallet,
    })
}

//! Decides what becomes of each intent of a batch. Pure: it works on domain types that were read under the locks.
//!
//! [`choose`] decides the intents by price, limits, coupon, stock and credit, in the order in which they arrived. Only then are keys
//! read, as many as are sold ([`demand`]), and [`assign`] hands them out. An intent that fails takes nothing, so it
//! does not affect the others.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::domain::coupon::CouponUse;
use crate::domain::money::Money;
use crate::domain::order::{NewOrder, RefusalReason};
use crate::domain::sale::{Capped, HeldRange, Intent, Neighbour, Pending, Pool, Purchased, Reservation, Unsettled};

mod coupons;
mod keys;
mod limits;
mod price;
mod reserve;
mod settle;
mod state;

use coupons::Coupons;
pub(super) use keys::{OpenedKey, OpenedKeys};
use limits::Counts;
use price::{Bill, PricedLine};
pub(super) use settle::{Delivery, Taken, Then};
pub(super) use state::PlanState;

/// What is left of [`PlanState`] after the intents that were decided so far.
struct Left<'s> {
    state: &'s PlanState,
    /// Available keys by pool.
    stock: HashMap<i32, i64>,
    /// As [`PlanState::sellable`], less what was sold.
    sellable: HashMap<i32, i64>,
    /// Credit by wallet.
    credit_minor: HashMap<i64, i64>,
    /// As [`PlanState::counts`], with what was sold.
    counts: Counts,
    /// As [`PlanState::coupons`], less the uses that were made.
    coupons: Coupons,
    /// As [`PlanState::pending`], with what was placed.
    pending: Pending,
    /// Keys sold so far.
    keys: u32,
    /// Whether an order did not fit, so that the intents after it wait too.
    is_full: bool,
}

/// The decision on one intent before the keys are read.
#[derive(Debug)]
pub(super) enum Choice<'a> {
    Sell {
        order: &'a NewOrder,
        outcome: Result<Priced, RefusalReason>,
    },
    Reserve {
        reservation: &'a Reservation,
        outcome: Result<Bill, RefusalReason>,
    },
    Settle {
        unsettled: Arc<Unsettled>,
        outcome: settle::Outcome,
    },
    /// The intent is not decided in this batch.
    HoldBack(HeldBack),
}

/// Why an intent is not decided in this batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeldBack {
    /// Another transaction has locked a row of this product or account.
    Busy(Neighbour),
    /// Another transaction has locked its order, or a wallet that its payment needs.
    Locked,
    /// Too much waits for payment already.
    Capped(Capped),
    /// It needs a key that cannot be sold.
    Unsellable,
    /// The batch already sells as many keys as it may.
    Full,
}

/// An order that can be paid and delivered.
#[derive(Debug)]
pub(super) struct Priced {
    bill: Bill,
    /// What it adds to the counts of what its account bought.
    purchased: Vec<Purchased>,
    /// The use of the coupon that it names.
    coupon_use: Option<CouponUse>,
    /// The credit wallet that pays.
    wallet: i64,
}

/// The decision on one intent, with the keys that it gets.
#[derive(Debug)]
pub(super) enum Decision<'a> {
    Sell {
        order: &'a NewOrder,
        outcome: Result<Purchase, RefusalReason>,
    },
    Reserve {
        reservation: &'a Reservation,
        outcome: Result<(Money, Vec<Bought>), RefusalReason>,
    },
    Settle {
        unsettled: Arc<Unsettled>,
        taken: Option<Taken>,
        then: Then<Delivery>,
    },
}

/// An order that is paid and delivered.
#[derive(Debug)]
pub(super) struct Purchase {
    pub(super) total: Money,
    /// The credit wallet that pays.
    pub(super) wallet: i64,
    /// One entry for each of the order's lines.
    pub(super) lines: Vec<Bought>,
    /// What it adds to the counts of what its account bought.
    pub(super) purchased: Vec<Purchased>,
    /// The use of the coupon that it names.
    pub(super) coupon_use: Option<CouponUse>,
}

/// The keys of one line, in the order of their slots.
#[derive(Debug)]
pub(super) struct Bought {
    pub(super) priced: PricedLine,
    pub(super) keys: Vec<OpenedKey>,
}

/// The items of lines with their numbers, from 1: line after line, and in each line by slot.
pub(super) fn items<'l>(
    lines: impl IntoIterator<Item = &'l Bought>,
) -> impl Iterator<Item = (u32, &'l Pool, &'l OpenedKey)> {
    let keys = lines
        .into_iter()
        .flat_map(|bought| bought.keys.iter().map(move |key| (&*bought.priced.pool, key)));
    (1..).zip(keys).map(|(item, (pool, key))| (item, pool, key))
}

/// As [`items`], by value.
pub(super) fn into_items(lines: Vec<Bought>) -> impl Iterator<Item = (u32, Arc<Pool>, OpenedKey)> {
    let keys = lines.into_iter().flat_map(|bought| {
        let pool = bought.priced.pool;
        bought.keys.into_iter().map(move |key| (Arc::clone(&pool), key))
    });
    (1..).zip(keys).map(|(item, (pool, key))| (item, pool, key))
}

impl Decision<'_> {
    /// The keys that it sells, by their items' numbers.
    pub(super) fn items(&self) -> Vec<(u32, &Pool, &OpenedKey)> {
        match self {
            Self::Sell {
                outcome: Ok(purchase), ..
            } => items(&purchase.lines).collect(),
            Self::Settle {
                then: Then::Deliver(delivery),
                ..
            } => items(delivery.lines.iter().map(|line| &line.bought)).collect(),
            Self::Sell { .. } | Self::Reserve { .. } | Self::Settle { .. } => Vec::new(),
        }
    }
}

/// Decides the intents one after another. What one takes is not available to the next.
pub(super) fn choose<'a>(state: &PlanState, intents: &[&'a Intent]) -> Vec<Choice<'a>> {
    let mut left = Left {
        state,
        stock: state.pools.values().map(|pool| (pool.pool, pool.available())).collect(),
        credit_minor: state
            .credits
            .values()
            .map(|credit| (credit.wallet, credit.balance.minor))
            .collect(),
        sellable: state.sellable.clone(),
        counts: state.counts.clone(),
        coupons: state.coupons.clone(),
        pending: state.pending.clone(),
        keys: 0,
        is_full: false,
    };
    let choose = |intent: &&'a Intent| match left.held_back(intent) {
        Some(why) => Choice::HoldBack(why),
        None => match intent {
            Intent::Sell(order) => left.sell(order),
            Intent::Reserve(reservation) => left.reserve(reservation),
            Intent::Settle(settlement) => left.settle(settlement),
        },
    };
    intents.iter().map(choose).collect()
}

/// How many keys of each pool are taken from its stock, by the pool's id.
pub(super) fn demand(choices: &[Choice<'_>]) -> BTreeMap<i32, (Arc<Pool>, i64)> {
    let mut demand = BTreeMap::new();
    for PricedLine { pool, line } in choices.iter().flat_map(Choice::of_stock) {
        let (_, keys) = demand.entry(pool.pool).or_insert_with(|| (Arc::clone(pool), 0));
        *keys += i64::from(line.quantity);
    }
    demand
}

/// The slots of held keys that are delivered, each with its order.
pub(super) fn held_demand<'c>(choices: &'c [Choice<'_>]) -> Vec<(&'c Unsettled, HeldRange)> {
    let mut held = Vec::new();
    for choice in choices {
        if let Choice::Settle { unsettled, outcome } = choice {
            held.extend(outcome.held().map(|range| (&**unsettled, range)));
        }
    }
    held
}

/// Hands the keys out: those that are sold first, so that they are one range of each pool, then those that are held.
/// `opened` must hold at least what [`demand`] and [`held_demand`] returned. Intents that are held back have no decision.
pub(super) fn assign(choices: Vec<Choice<'_>>, mut opened: OpenedKeys) -> Vec<Decision<'_>> {
    let (mut decisions, mut held) = (Vec::with_capacity(choices.len()), Vec::new());
    for choice in choices {
        decisions.push(match choice {
            Choice::Sell { order, outcome } => Some(Decision::Sell {
                order,
                outcome: outcome.map(|priced| Purchase {
                    total: priced.bill.total,
                    wallet: priced.wallet,
                    purchased: priced.purchased,
                    coupon_use: priced.coupon_use,
                    lines: bought(priced.bill.lines, &mut opened),
                }),
            }),
            Choice::Settle { unsettled, outcome } => Some(Decision::Settle {
                unsettled,
                taken: outcome.taken,
                then: outcome.then.deliver(&mut opened),
            }),
            Choice::Reserve { reservation, outcome } => {
                held.push((decisions.len(), reservation, outcome));
                None
            }
            Choice::HoldBack(_) => None,
        });
    }
    for (at, reservation, outcome) in held {
        decisions[at] = Some(Decision::Reserve {
            reservation,
            outcome: outcome.map(|bill| (bill.total, reserve::hold(bill.lines, &mut opened))),
        });
    }
    decisions.into_iter().flatten().collect()
}

/// The lines with the next keys of their pools.
fn bought(lines: Vec<PricedLine>, opened: &mut OpenedKeys) -> Vec<Bought> {
    let lines = lines.into_iter().map(|priced| Bought {
        keys: opened.take(priced.pool.pool, priced.line.quantity),
        priced,
    });
    lines.collect()
}

impl Choice<'_> {
    /// Why the intent is held back; `None` if it is decided.
    pub(super) const fn held_back(&self) -> Option<HeldBack> {
        match self {
            Self::HoldBack(why) => Some(*why),
            Self::Sell { .. } | Self::Reserve { .. } | Self::Settle { .. } => None,
        }
    }

    /// The lines whose keys come from the stock.
    fn of_stock(&self) -> Vec<&PricedLine> {
        match self {
            Self::Sell {
                outcome: Ok(priced), ..
            } => priced.bill.lines.iter().collect(),
            Self::Reserve { outcome: Ok(bill), .. } => {
                bill.lines.iter().filter(|line| reserve::is_held(line)).collect()
            }
            Self::Settle { outcome, .. } => outcome.of_stock().collect(),
            Self::Sell { .. } | Self::Reserve { .. } | Self::HoldBack(_) => Vec::new(),
        }
    }
}

impl Left<'_> {
    /// Why `intent` cannot be decided now; `None` if it can.
    fn held_back(&self, intent: &Intent) -> Option<HeldBack> {
        // The intents after an order that does not fit wait too, so that a smaller order does not take its keys.
        if self.is_full {
            return Some(HeldBack::Full);
        }
        let busy = intent
            .neighbours()
            .find(|neighbour| self.state.busy.contains(neighbour));
        busy.map(HeldBack::Busy)
    }

    fn sell<'a>(&mut self, order: &'a NewOrder) -> Choice<'a> {
        match self.price(order) {
            Ok(priced) if !self.is_sellable(&priced.bill.wanted) => Choice::HoldBack(HeldBack::Unsellable),
            Ok(priced) if self.fits(priced.keys()) => {
                self.take(&priced);
                Choice::Sell {
                    order,
                    outcome: Ok(priced),
                }
            }
            Ok(_) => self.full(),
            Err(reason) => Choice::Sell {
                order,
                outcome: Err(reason),
            },
        }
    }

    /// The order at the present prices, or the reason to refuse it: there must be enough stock and credit.
    fn price(&self, order: &NewOrder) -> Result<Priced, RefusalReason> {
        let mut bill = price::bill(&self.state.pools, order)?;
        let account = order.customer.account();
        let purchased = limits::counted(&bill, account, &self.counts, self.state.now_ms)?;
        let coupon_use = self.coupons.apply(order, &mut bill, self.state.now_ms)?;
        if !self.has_stock(&bill.wanted) {
            return Err(RefusalReason::OutOfStock);
        }
        let wallet = self.state.credit(&order.customer, bill.total.currency)?;
        if self.credit_minor.get(&wallet) < Some(&bill.total.minor) {
            return Err(RefusalReason::InsufficientCredit);
        }
        Ok(Priced {
            bill,
            purchased,
            coupon_use,
            wallet,
        })
    }

    /// Whether none of the order's keys is one that cannot be sold, or comes after one.
    fn is_sellable(&self, wanted: &HashMap<i32, i64>) -> bool {
        let mut wanted = wanted.iter();
        wanted.all(|(pool, keys)| self.sellable.get(pool).is_none_or(|left| keys <= left))
    }

    /// Whether there are as many keys.
    fn has_stock(&self, wanted: &HashMap<i32, i64>) -> bool {
        wanted.iter().all(|(pool, keys)| self.stock.get(pool) >= Some(keys))
    }

    /// Whether the batch may sell these keys too. The first order of a batch always fits.
    const fn fits(&self, keys: u32) -> bool {
        self.keys == 0 || self.keys + keys <= self.state.keys_max
    }

    /// Holds back an intent whose keys do not fit, and all after it.
    const fn full<'a>(&mut self) -> Choice<'a> {
        self.is_full = true;
        Choice::HoldBack(HeldBack::Full)
    }

    /// Takes keys from the stock.
    fn take_keys(&mut self, keys: u32, wanted: &HashMap<i32, i64>) {
        self.keys += keys;
        for (pool, keys) in wanted {
            *self.stock.entry(*pool).or_default() -= keys;
            self.sellable.entry(*pool).and_modify(|left| *left -= keys);
        }
    }

    fn take(&mut self, priced: &Priced) {
        self.take_keys(priced.keys(), &priced.bill.wanted);
        for of in &priced.purchased {
            self.counts.insert((of.sku, of.account), of.after);
        }
        if let Some(of) = &priced.coupon_use {
            self.coupons.take(of);
        }
        *self.credit_minor.entry(priced.wallet).or_default() -= priced.bill.total.minor;
    }
}

impl Priced {
    fn keys(&self) -> u32 {
        self.bill.lines.iter().map(|priced| priced.line.quantity).sum()
    }
}

#[cfg(test)]
pub(super) mod tests;

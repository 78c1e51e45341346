//! Decides what becomes of each intent of a batch. Pure: it works on domain types that were read under the locks.
//!
//! [`choose`] decides the intents by price, limits, coupon, stock and credit, in the order in which they arrived. Only then are keys
//! read, as many as are sold ([`demand`]), and [`assign`] hands them out. An intent that fails takes nothing, so it
//! does not affect the others.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::domain::coupon::CouponUse;
use crate::domain::goods::Goods;
use crate::domain::money::Money;
use crate::domain::order::{NewOrder, RefusalReason};
use crate::domain::sale::{AvailableKey, Intent, Neighbour, Pool, Purchased};

mod coupons;
mod limits;
mod price;
mod state;

use coupons::Coupons;
use limits::Counts;
use price::{Bill, PricedLine};
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
    /// The intent is not decided in this batch.
    HoldBack(HeldBack),
}

/// Why an intent is not decided in this batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeldBack {
    /// Another transaction has locked a row of this product or account.
    Busy(Neighbour),
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

/// A key that can be sold, with its goods decrypted.
#[derive(Debug)]
pub(super) struct OpenedKey {
    pub(super) key: AvailableKey,
    pub(super) goods: Goods,
}

/// The keys that were read, by pool, in the order of their slots.
#[derive(Debug, Default)]
pub(super) struct OpenedKeys(HashMap<i32, VecDeque<OpenedKey>>);

impl Purchase {
    /// The order's items with their numbers, from 1: line after line, and in each line by slot.
    pub(super) fn items(&self) -> impl Iterator<Item = (u32, &Pool, &OpenedKey)> {
        let keys = self
            .lines
            .iter()
            .flat_map(|bought| bought.keys.iter().map(move |key| (&*bought.priced.pool, key)));
        (1..).zip(keys).map(|(item, (pool, key))| (item, pool, key))
    }

    /// As [`Self::items`], by value.
    pub(super) fn into_items(self) -> impl Iterator<Item = (u32, Arc<Pool>, OpenedKey)> {
        let keys = self.lines.into_iter().flat_map(|bought| {
            let pool = bought.priced.pool;
            bought.keys.into_iter().map(move |key| (Arc::clone(&pool), key))
        });
        (1..).zip(keys).map(|(item, (pool, key))| (item, pool, key))
    }
}

impl OpenedKeys {
    /// Adds the next key of its pool.
    pub(super) fn push(&mut self, key: OpenedKey) {
        self.0.entry(key.key.pool).or_default().push_back(key);
    }

    /// How many keys of a pool there are.
    pub(super) fn len(&self, pool: i32) -> usize {
        self.0.get(&pool).map_or(0, VecDeque::len)
    }

    fn take(&mut self, pool: i32, quantity: u32) -> Vec<OpenedKey> {
        let keys = self.0.entry(pool).or_default();
        keys.drain(..keys.len().min(quantity as usize)).collect()
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
        keys: 0,
        is_full: false,
    };
    let choose = |intent: &&'a Intent| match left.held_back(intent) {
        Some(why) => Choice::HoldBack(why),
        None => left.sell(intent),
    };
    intents.iter().map(choose).collect()
}

/// How many keys of each pool are sold, by the pool's id.
pub(super) fn demand(choices: &[Choice<'_>]) -> BTreeMap<i32, (Arc<Pool>, i64)> {
    let mut demand = BTreeMap::new();
    for choice in choices {
        let Choice::Sell {
            outcome: Ok(priced), ..
        } = choice
        else {
            continue;
        };
        for PricedLine { pool, line } in &priced.bill.lines {
            let (_, keys) = demand.entry(pool.pool).or_insert_with(|| (Arc::clone(pool), 0));
            *keys += i64::from(line.quantity);
        }
    }
    demand
}

/// Hands the keys out. `opened` must hold at least what [`demand`] returned. Intents that are held back have no
/// decision.
pub(super) fn assign(choices: Vec<Choice<'_>>, mut opened: OpenedKeys) -> Vec<Decision<'_>> {
    let mut buy = |priced: Priced| Purchase {
        total: priced.bill.total,
        wallet: priced.wallet,
        purchased: priced.purchased,
        coupon_use: priced.coupon_use,
        lines: priced
            .bill
            .lines
            .into_iter()
            .map(|priced| Bought {
                keys: opened.take(priced.pool.pool, priced.line.quantity),
                priced,
            })
            .collect(),
    };
    let decide = |choice| match choice {
        Choice::Sell { order, outcome } => Some(Decision::Sell {
            order,
            outcome: outcome.map(&mut buy),
        }),
        Choice::HoldBack(_) => None,
    };
    choices.into_iter().filter_map(decide).collect()
}

impl Choice<'_> {
    /// Why the intent is held back; `None` if it is decided.
    pub(super) const fn held_back(&self) -> Option<HeldBack> {
        match self {
            Self::HoldBack(why) => Some(*why),
            Self::Sell { .. } => None,
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

    fn sell<'a>(&mut self, intent: &'a Intent) -> Choice<'a> {
        let Intent::Sell(order) = intent;
        match self.price(order) {
            Ok(priced) if !self.is_sellable(&priced) => Choice::HoldBack(HeldBack::Unsellable),
            Ok(priced) if self.fits(&priced) => {
                self.take(&priced);
                Choice::Sell {
                    order,
                    outcome: Ok(priced),
                }
            }
            Ok(_) => {
                self.is_full = true;
                Choice::HoldBack(HeldBack::Full)
            }
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
        if bill.wanted.iter().any(|(pool, keys)| self.stock.get(pool) < Some(keys)) {
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
    fn is_sellable(&self, priced: &Priced) -> bool {
        let mut wanted = priced.bill.wanted.iter();
        wanted.all(|(pool, keys)| self.sellable.get(pool).is_none_or(|left| keys <= left))
    }

    /// Whether the batch may sell these keys too. The first order of a batch always fits.
    fn fits(&self, priced: &Priced) -> bool {
        self.keys == 0 || self.keys + priced.keys() <= self.state.keys_max
    }

    fn take(&mut self, priced: &Priced) {
        self.keys += priced.keys();
        for (pool, keys) in &priced.bill.wanted {
            *self.stock.entry(*pool).or_default() -= keys;
            self.sellable.entry(*pool).and_modify(|left| *left -= keys);
        }
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

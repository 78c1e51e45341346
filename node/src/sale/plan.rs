//! Who gets which keys: pure, over what was read under the locks.
//!
//! Orders are decided in the order in which they came. One that fails takes nothing and leaves its neighbours alone.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::domain::id::{AccountId, ProductId};
use crate::domain::money::{Currency, MAX_MINOR, Money};
use crate::domain::order::{NewLine, NewOrder, RefusalReason};
use crate::store::sale::{AvailableKey, CreditWallet, Pool};

/// What was read under the locks.
#[derive(Debug, Default)]
pub(super) struct PlanState {
    shelves: HashMap<ProductId, Pool>,
    credits: HashMap<(AccountId, Currency), CreditWallet>,
    keys: HashMap<i32, VecDeque<AvailableKey>>,
}

/// One order's lot.
#[derive(Debug)]
pub(super) struct Decision<'a> {
    pub(super) order: &'a NewOrder,
    pub(super) outcome: Result<Purchase, RefusalReason>,
}

/// An order that is paid and delivered.
#[derive(Debug)]
pub(super) struct Purchase {
    pub(super) total: Money,
    pub(super) wallet: i64,
    /// One for each of the order's lines.
    pub(super) lines: Vec<Bought>,
}

/// The keys of one line, in the order of their slots.
#[derive(Debug)]
pub(super) struct Bought {
    pub(super) shelf: Pool,
    pub(super) keys: Vec<AvailableKey>,
}

impl Purchase {
    /// Each key with its line's number, from 1, and its shelf, in the order in which they are handed out.
    pub(super) fn keys(&self) -> impl Iterator<Item = (i16, &Pool, &AvailableKey)> {
        (1..)
            .zip(&self.lines)
            .flat_map(|(line, bought)| bought.keys.iter().map(move |key| (line, &bought.shelf, key)))
    }
}

/// How many keys the orders ask of each product.
pub(super) fn demand(orders: &[&NewOrder]) -> BTreeMap<ProductId, i64> {
    let mut wanted = BTreeMap::new();
    for line in orders.iter().flat_map(|order| &order.lines) {
        *wanted.entry(line.product).or_default() += i64::from(line.quantity);
    }
    wanted
}

impl PlanState {
    pub(super) fn new(shelves: Vec<Pool>, credits: Vec<CreditWallet>, keys: Vec<AvailableKey>) -> Self {
        let mut stock = Self::default();
        for key in keys {
            stock.keys.entry(key.pool).or_default().push_back(key);
        }
        stock.shelves = shelves.into_iter().map(|shelf| (shelf.product, shelf)).collect();
        stock.credits = credits
            .into_iter()
            .map(|credit| ((credit.account, credit.balance.currency), credit))
            .collect();
        stock
    }

    /// Decides one order after another; what one takes, the next does not find.
    pub(super) fn decide<'a>(&mut self, orders: &[&'a NewOrder]) -> Vec<Decision<'a>> {
        orders
            .iter()
            .map(|order| Decision {
                order,
                outcome: self.decide_one(order),
            })
            .collect()
    }

    /// The price at which a product stands; for the record of an order that is refused too.
    pub(super) fn price(&self, product: &ProductId) -> Option<Money> {
        self.shelves.get(product).map(|shelf| shelf.price)
    }

    fn decide_one(&mut self, order: &NewOrder) -> Result<Purchase, RefusalReason> {
        let total = self.total(order)?;
        let mut wanted: HashMap<i32, usize> = HashMap::new();
        for line in &order.lines {
            let shelf = self.shelf(line)?;
            *wanted.entry(shelf.pool).or_default() += line.quantity as usize;
        }
        if wanted
            .iter()
            .any(|(pool, quantity)| self.keys.get(pool).map_or(0, VecDeque::len) < *quantity)
        {
            return Err(RefusalReason::OutOfStock);
        }
        let credit = self
            .credits
            .get_mut(&(order.account, total.currency))
            .filter(|credit| credit.balance.minor >= total.minor)
            .ok_or(RefusalReason::InsufficientCredit)?;
        credit.balance.minor -= total.minor;
        let wallet = credit.wallet;
        let lines = order
            .lines
            .iter()
            .map(|line| self.take(line))
            .collect::<Result<_, _>>()?;
        Ok(Purchase { total, wallet, lines })
    }

    fn shelf(&self, line: &NewLine) -> Result<&Pool, RefusalReason> {
        self.shelves.get(&line.product).ok_or(RefusalReason::UnknownProduct)
    }

    /// What the order costs at today's prices, which must be those that it names.
    fn total(&self, order: &NewOrder) -> Result<Money, RefusalReason> {
        let mut total: Option<Money> = None;
        for line in &order.lines {
            let Pool { price, is_open, .. } = self.shelf(line)?;
            if !is_open {
                return Err(RefusalReason::ProductClosed);
            }
            if let Some(agreed) = &line.price
                && Money::parse(agreed, price.currency) != Ok(*price)
            {
                return Err(RefusalReason::PriceChanged);
            }
            let before = total.unwrap_or(Money { minor: 0, ..*price });
            if before.currency != price.currency {
                return Err(RefusalReason::MixedCurrencies);
            }
            // A price is at most MAX_MINOR and an order has at most 100 keys: far from the type's end.
            total = Some(Money {
                minor: before.minor + price.minor * i64::from(line.quantity),
                ..before
            });
        }
        total
            .filter(|total| total.minor <= MAX_MINOR)
            .ok_or(RefusalReason::InsufficientCredit)
    }

    /// Takes a line's keys; that they are there was seen before.
    fn take(&mut self, line: &NewLine) -> Result<Bought, RefusalReason> {
        let shelf = self.shelf(line)?.clone();
        let shelved = self.keys.get_mut(&shelf.pool).ok_or(RefusalReason::OutOfStock)?;
        let keys = shelved.drain(..line.quantity as usize).collect();
        Ok(Bought { shelf, keys })
    }
}

#[cfg(test)]
mod tests;

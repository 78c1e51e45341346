//! What becomes of each intent: pure, over domain types that were read under the locks.
//!
//! Intents are decided in the order in which they arrived. One that fails takes nothing and leaves its neighbours alone.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::domain::id::{AccountId, ProductId};
use crate::domain::money::{Currency, MAX_MINOR, Money};
use crate::domain::order::{Customer, NewLine, NewOrder, RefusalReason};
use crate::domain::sale::{AvailableKey, Intent, Pool};
use crate::domain::wallet::CreditWallet;

/// What was read under the locks, less what was decided on so far.
#[derive(Debug, Default)]
pub(super) struct PlanState {
    pools: HashMap<ProductId, Pool>,
    credits: HashMap<(AccountId, Currency), CreditWallet>,
    keys: HashMap<i32, VecDeque<AvailableKey>>,
}

/// What becomes of one intent.
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
    /// One for each of the order's lines.
    pub(super) lines: Vec<Bought>,
}

/// The keys of one line, in the order of their slots.
#[derive(Debug)]
pub(super) struct Bought {
    pub(super) pool: Pool,
    pub(super) keys: Vec<AvailableKey>,
}

impl Purchase {
    /// The order's items with their numbers, from 1: line after line, and in each line by slot.
    pub(super) fn items(&self) -> impl Iterator<Item = (u32, &Pool, &AvailableKey)> {
        let keys = self
            .lines
            .iter()
            .flat_map(|bought| bought.keys.iter().map(move |key| (&bought.pool, key)));
        (1..).zip(keys).map(|(item, (pool, key))| (item, pool, key))
    }
}

/// How many keys the orders are for, by product.
pub(super) fn demand(orders: &[&NewOrder]) -> BTreeMap<ProductId, i64> {
    let mut wanted = BTreeMap::new();
    for line in orders.iter().flat_map(|order| &order.lines) {
        *wanted.entry(line.product).or_default() += i64::from(line.quantity);
    }
    wanted
}

/// Decides one intent after another; what one takes, the next does not find.
pub(super) fn plan<'a>(state: &mut PlanState, intents: &[&'a Intent]) -> Vec<Decision<'a>> {
    let decide = |intent: &&'a Intent| match intent {
        Intent::Sell(order) => Decision::Sell {
            order,
            outcome: state.sell(order),
        },
    };
    intents.iter().map(decide).collect()
}

impl PlanState {
    pub(super) fn new(pools: Vec<Pool>, credits: Vec<CreditWallet>, keys: Vec<AvailableKey>) -> Self {
        let mut state = Self::default();
        for key in keys {
            state.keys.entry(key.pool).or_default().push_back(key);
        }
        state.pools = pools.into_iter().map(|pool| (pool.product, pool)).collect();
        state.credits = credits
            .into_iter()
            .map(|credit| ((credit.account, credit.balance.currency), credit))
            .collect();
        state
    }

    fn sell(&mut self, order: &NewOrder) -> Result<Purchase, RefusalReason> {
        let total = self.total(order)?;
        let mut wanted: HashMap<i32, usize> = HashMap::new();
        for line in &order.lines {
            let pool = self.pool(line)?;
            *wanted.entry(pool.pool).or_default() += line.quantity as usize;
        }
        if wanted
            .iter()
            .any(|(pool, quantity)| self.keys.get(pool).map_or(0, VecDeque::len) < *quantity)
        {
            return Err(RefusalReason::OutOfStock);
        }
        let wallet = self.pay(&order.customer, total)?;
        let lines = order
            .lines
            .iter()
            .map(|line| self.take(line))
            .collect::<Result<_, _>>()?;
        Ok(Purchase { total, wallet, lines })
    }

    /// Takes the total from the customer's credit, and returns its wallet.
    fn pay(&mut self, customer: &Customer, total: Money) -> Result<i64, RefusalReason> {
        let credit = customer
            .account()
            .and_then(|account| self.credits.get_mut(&(account, total.currency)))
            .filter(|credit| credit.balance.minor >= total.minor)
            .ok_or(RefusalReason::InsufficientCredit)?;
        credit.balance.minor -= total.minor;
        Ok(credit.wallet)
    }

    fn pool(&self, line: &NewLine) -> Result<&Pool, RefusalReason> {
        self.pools.get(&line.product).ok_or(RefusalReason::UnknownProduct)
    }

    /// What the order costs at today's prices, which must be those that it names.
    fn total(&self, order: &NewOrder) -> Result<Money, RefusalReason> {
        let mut total: Option<Money> = None;
        for line in &order.lines {
            let Pool { price, on_sale, .. } = self.pool(line)?;
            if !on_sale {
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
        let pool = self.pool(line)?.clone();
        let available = self.keys.get_mut(&pool.pool).ok_or(RefusalReason::OutOfStock)?;
        let keys = available.drain(..line.quantity as usize).collect();
        Ok(Bought { pool, keys })
    }
}

#[cfg(test)]
mod tests;

//! What becomes of each intent: pure, over domain types that were read under the locks.
//!
//! Intents are decided in the order in which they arrived, from what the pools and wallets count. One that fails takes nothing
//! and leaves its neighbours alone. Keys are read afterwards, only as many as were sold, and handed out to the lines.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::domain::id::{AccountId, ProductId};
use crate::domain::money::{Currency, MAX_MINOR, Money};
use crate::domain::order::{Customer, NewLine, NewOrder, RefusalReason};
use crate::domain::sale::{AvailableKey, Intent, Pool};
use crate::domain::wallet::CreditWallet;

/// What was read under the locks, less what was decided on so far.
#[derive(Debug)]
pub(super) struct PlanState {
    pools: HashMap<ProductId, Pool>,
    credits: HashMap<(AccountId, Currency), CreditWallet>,
    /// Keys that are left, by pool.
    available: HashMap<i32, usize>,
}

/// Keys of each pool that can be sold, in the order of their slots.
pub(super) type KeysByPool = HashMap<i32, VecDeque<AvailableKey>>;

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

/// What one line takes from its pool.
#[derive(Debug)]
pub(super) struct Bought {
    pub(super) pool: Pool,
    pub(super) quantity: usize,
    /// In the order of their slots; none before [`hand_out`].
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

/// The pools that are taken from, each with how many keys.
pub(super) fn taken<'a>(decisions: &'a [Decision<'_>]) -> Vec<(&'a Pool, usize)> {
    let mut taken = BTreeMap::new();
    let purchases = decisions
        .iter()
        .filter_map(|Decision::Sell { outcome, .. }| outcome.as_ref().ok());
    for bought in purchases.flat_map(|purchase| &purchase.lines) {
        let (_, quantity) = taken.entry(bought.pool.pool).or_insert((&bought.pool, 0));
        *quantity += bought.quantity;
    }
    taken.into_values().collect()
}

/// Gives each line its keys, in the order of their slots. `false`, and nothing is given, where the keys are not enough.
#[must_use]
pub(super) fn hand_out(decisions: &mut [Decision<'_>], keys: &mut KeysByPool) -> bool {
    let there = |pool: &Pool| keys.get(&pool.pool).map_or(0, VecDeque::len);
    if taken(decisions).iter().any(|(pool, quantity)| there(pool) < *quantity) {
        return false;
    }
    let purchases = decisions
        .iter_mut()
        .filter_map(|Decision::Sell { outcome, .. }| outcome.as_mut().ok());
    for bought in purchases.flat_map(|purchase| &mut purchase.lines) {
        if let Some(next) = keys.get_mut(&bought.pool.pool) {
            bought.keys = next.drain(..bought.quantity).collect();
        }
    }
    true
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
    /// `available` says how many keys of a pool can be sold.
    pub(super) fn new(pools: &[Pool], credits: &[CreditWallet], available: impl Fn(&Pool) -> usize) -> Self {
        let of_customer = |credit: &CreditWallet| ((credit.account, credit.balance.currency), credit.clone());
        Self {
            pools: pools.iter().map(|pool| (pool.product, pool.clone())).collect(),
            credits: credits.iter().map(of_customer).collect(),
            available: pools.iter().map(|pool| (pool.pool, available(pool))).collect(),
        }
    }

    fn sell(&mut self, order: &NewOrder) -> Result<Purchase, RefusalReason> {
        let total = self.total(order)?;
        let mut wanted: HashMap<i32, usize> = HashMap::new();
        for line in &order.lines {
            let pool = self.pool(line)?;
            *wanted.entry(pool.pool).or_default() += line.quantity as usize;
        }
        let left = |pool| self.available.get(pool).copied().unwrap_or_default();
        if wanted.iter().any(|(pool, quantity)| left(pool) < *quantity) {
            return Err(RefusalReason::OutOfStock);
        }
        let wallet = self.pay(&order.customer, total)?;
        for (pool, quantity) in wanted {
            self.available.entry(pool).and_modify(|left| *left -= quantity);
        }
        let bought = |line| {
            Ok(Bought {
                pool: self.pool(line)?.clone(),
                quantity: line.quantity as usize,
                keys: Vec::new(),
            })
        };
        let lines = order.lines.iter().map(bought).collect::<Result<_, _>>()?;
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
}

#[cfg(test)]
mod tests;

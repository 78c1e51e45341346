//! Decides what becomes of each intent of a batch. Pure: it works on domain types that were read under the locks.
//!
//! [`choose`] decides the intents by price, stock and credit, in the order in which they arrived. Only then are keys
//! read, as many as are sold ([`demand`]), and [`assign`] hands them out. An intent that fails takes nothing, so it
//! does not affect the others.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::domain::goods::Goods;
use crate::domain::id::{AccountId, ProductId};
use crate::domain::money::{Currency, MAX_MINOR, Money};
use crate::domain::order::{Customer, NewLine, NewOrder, RefusalReason};
use crate::domain::sale::{AvailableKey, Intent, Neighbour, Pool};
use crate::domain::wallet::CreditWallet;

/// What was read under the locks.
#[derive(Debug, Default)]
pub(super) struct PlanState {
    pools: HashMap<ProductId, Arc<Pool>>,
    credits: HashMap<(AccountId, Currency), CreditWallet>,
    /// Products and accounts of which not every row could be locked.
    busy: HashSet<Neighbour>,
    /// By pool, how many keys come before one that cannot be sold; absent if no such key is known.
    sellable: HashMap<i32, i64>,
    /// The most keys that the batch may sell.
    keys_max: u32,
}

/// What is left of [`PlanState`] after the intents that were decided so far.
struct Left<'s> {
    state: &'s PlanState,
    /// Available keys by pool.
    stock: HashMap<i32, i64>,
    /// As [`PlanState::sellable`], less what was sold.
    sellable: HashMap<i32, i64>,
    /// Credit by wallet.
    credit_minor: HashMap<i64, i64>,
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
    total: Money,
    /// The credit wallet that pays.
    wallet: i64,
    /// The pool of each of the order's lines, and how many of its keys.
    lines: Vec<(Arc<Pool>, u32)>,
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
}

/// The keys of one line, in the order of their slots.
#[derive(Debug)]
pub(super) struct Bought {
    pub(super) pool: Arc<Pool>,
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
            .flat_map(|bought| bought.keys.iter().map(move |key| (&*bought.pool, key)));
        (1..).zip(keys).map(|(item, (pool, key))| (item, pool, key))
    }

    /// As [`Self::items`], by value.
    pub(super) fn into_items(self) -> impl Iterator<Item = (u32, Arc<Pool>, OpenedKey)> {
        let keys = self.lines.into_iter().flat_map(|bought| {
            let pool = bought.pool;
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
        for (pool, quantity) in &priced.lines {
            let (_, keys) = demand.entry(pool.pool).or_insert_with(|| (Arc::clone(pool), 0));
            *keys += i64::from(*quantity);
        }
    }
    demand
}

/// Hands the keys out. `opened` must hold at least what [`demand`] returned. Intents that are held back have no
/// decision.
pub(super) fn assign(choices: Vec<Choice<'_>>, mut opened: OpenedKeys) -> Vec<Decision<'_>> {
    let mut buy = |priced: Priced| Purchase {
        total: priced.total,
        wallet: priced.wallet,
        lines: priced
            .lines
            .into_iter()
            .map(|(pool, quantity)| Bought {
                keys: opened.take(pool.pool, quantity),
                pool,
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

impl PlanState {
    pub(super) fn new(pools: Vec<Pool>, credits: Vec<CreditWallet>, busy: Vec<Neighbour>, keys_max: u32) -> Self {
        Self {
            pools: pools.into_iter().map(|pool| (pool.product, Arc::new(pool))).collect(),
            credits: credits
                .into_iter()
                .map(|credit| ((credit.account, credit.balance.currency), credit))
                .collect(),
            busy: busy.into_iter().collect(),
            sellable: HashMap::new(),
            keys_max,
        }
    }

    /// From now on, orders that need more keys of this pool than the next `keys` are held back.
    pub(super) fn limit(&mut self, pool: i32, keys: i64) {
        self.sellable.insert(pool, keys);
    }

    fn pool(&self, line: &NewLine) -> Result<&Arc<Pool>, RefusalReason> {
        self.pools.get(&line.product).ok_or(RefusalReason::UnknownProduct)
    }

    /// What the order costs at the present prices, which must equal the prices that it names, if it names any.
    fn total(&self, order: &NewOrder) -> Result<Money, RefusalReason> {
        let mut total: Option<Money> = None;
        for line in &order.lines {
            let Pool { price, on_sale, .. } = &**self.pool(line)?;
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
            // A price is at most MAX_MINOR and an order has at most 100 keys, so this cannot overflow.
            total = Some(Money {
                minor: before.minor + price.minor * i64::from(line.quantity),
                ..before
            });
        }
        total
            .filter(|total| total.minor <= MAX_MINOR)
            .ok_or(RefusalReason::InsufficientCredit)
    }

    /// The wallet that the customer pays from.
    fn credit(&self, customer: &Customer, currency: Currency) -> Result<i64, RefusalReason> {
        customer
            .account()
            .and_then(|account| self.credits.get(&(account, currency)))
            .map(|credit| credit.wallet)
            .ok_or(RefusalReason::InsufficientCredit)
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
        let total = self.state.total(order)?;
        let mut wanted: HashMap<i32, i64> = HashMap::new();
        let mut lines = Vec::with_capacity(order.lines.len());
        for line in &order.lines {
            let pool = self.state.pool(line)?;
            *wanted.entry(pool.pool).or_default() += i64::from(line.quantity);
            lines.push((Arc::clone(pool), line.quantity));
        }
        if wanted
            .iter()
            .any(|(pool, quantity)| self.stock.get(pool) < Some(quantity))
        {
            return Err(RefusalReason::OutOfStock);
        }
        let wallet = self.state.credit(&order.customer, total.currency)?;
        if self.credit_minor.get(&wallet) < Some(&total.minor) {
            return Err(RefusalReason::InsufficientCredit);
        }
        Ok(Priced { total, wallet, lines })
    }

    /// Whether none of the order's keys is one that cannot be sold, or comes after one.
    fn is_sellable(&self, priced: &Priced) -> bool {
        let mut wanted: HashMap<i32, i64> = HashMap::new();
        for (pool, quantity) in &priced.lines {
            *wanted.entry(pool.pool).or_default() += i64::from(*quantity);
        }
        wanted
            .iter()
            .all(|(pool, keys)| self.sellable.get(pool).is_none_or(|left| keys <= left))
    }

    /// Whether the batch may sell these keys too. The first order of a batch always fits.
    fn fits(&self, priced: &Priced) -> bool {
        self.keys == 0 || self.keys + priced.keys() <= self.state.keys_max
    }

    fn take(&mut self, priced: &Priced) {
        self.keys += priced.keys();
        for (pool, quantity) in &priced.lines {
            *self.stock.entry(pool.pool).or_default() -= i64::from(*quantity);
            self.sellable
                .entry(pool.pool)
                .and_modify(|left| *left -= i64::from(*quantity));
        }
        *self.credit_minor.entry(priced.wallet).or_default() -= priced.total.minor;
    }
}

impl Priced {
    fn keys(&self) -> u32 {
        self.lines.iter().map(|(_, quantity)| quantity).sum()
    }
}

#[cfg(test)]
pub(super) mod tests;

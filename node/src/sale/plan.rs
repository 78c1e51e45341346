//! What becomes of each intent: pure, over domain types that were read under the locks.
//!
//! Intents are decided in the order in which they arrived, by price, stock and credit ([`choose`]); only then are keys read, as
//! many as are sold, and handed out ([`assign`]). An intent that fails takes nothing and leaves its neighbours alone.

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
    /// Of these not every row could be locked.
    busy: HashSet<Neighbour>,
    /// How many keys of a pool come before one that cannot be sold.
    sellable: HashMap<i32, i64>,
    /// Keys that the batch may sell.
    keys_max: u32,
}

/// What was read, less what was decided on so far.
struct Left<'s> {
    state: &'s PlanState,
    /// Keys by pool.
    stock: HashMap<i32, i64>,
    /// Of those, the ones before a key that cannot be sold.
    sellable: HashMap<i32, i64>,
    /// Credit by wallet.
    credit_minor: HashMap<i64, i64>,
    keys: u32,
    is_full: bool,
}

/// What is to become of one intent.
#[derive(Debug)]
pub(super) enum Choice<'a> {
    Sell {
        order: &'a NewOrder,
        outcome: Result<Priced, RefusalReason>,
    },
    /// Nothing is decided in this batch.
    HoldBack(HeldBack),
}

/// Why nothing is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeldBack {
    /// Somebody else has locked a row of this product or account.
    Busy(Neighbour),
    /// It needs a key that cannot be sold.
    Unsellable,
    /// The batch sells as many keys as it may.
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

    /// As [`Self::items`].
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

/// Decides one intent after another; what one takes, the next does not find.
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

/// Hands the keys out. `opened` holds at least what [`demand`] names; intents that are held back have no decision.
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
    /// Why nothing is decided; none where something is.
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

    /// What the order costs at today's prices, which must be those that it names.
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
    /// Why nothing can be decided of `intent` now.
    fn held_back(&self, intent: &Intent) -> Option<HeldBack> {
        // What comes after an order that no longer fits waits with it, so that a smaller one does not take its keys.
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

    /// The order at today's prices, if stock and credit are there.
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

    /// Whether all keys of the order come before one that cannot be sold.
    fn is_sellable(&self, priced: &Priced) -> bool {
        let mut wanted: HashMap<i32, i64> = HashMap::new();
        for (pool, quantity) in &priced.lines {
            *wanted.entry(pool.pool).or_default() += i64::from(*quantity);
        }
        wanted
            .iter()
            .all(|(pool, keys)| self.sellable.get(pool).is_none_or(|left| keys <= left))
    }

    /// Whether the batch may sell this too. The first order of a batch always fits.
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
mod tests;

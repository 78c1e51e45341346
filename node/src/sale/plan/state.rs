//! What a batch is decided by.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::coupons::Coupons;
use super::limits::Counts;
use crate::domain::coupon::CouponFact;
use crate::domain::id::{AccountId, OrderId, ProductId, SkuId};
use crate::domain::money::Currency;
use crate::domain::order::{Customer, RefusalReason};
use crate::domain::sale::{Intent, Neighbour, Pending, PendingCaps, Pool, Unsettled};
use crate::domain::wallet::CreditWallet;

/// What was read under the locks.
#[derive(Debug)]
pub(in crate::sale) struct PlanState {
    pub(super) pools: HashMap<ProductId, Arc<Pool>>,
    pub(super) credits: HashMap<(AccountId, Currency), CreditWallet>,
    /// Products, accounts and coupons of which not every row could be locked.
    pub(super) busy: HashSet<Neighbour>,
    /// By pool, how many keys come before one that cannot be sold; absent if no such key is known.
    pub(super) sellable: HashMap<i32, i64>,
    /// The most keys that the batch may sell.
    pub(super) keys_max: u32,
    /// What accounts bought of products with a limit.
    pub(super) counts: Counts,
    /// The coupons that orders name.
    pub(super) coupons: Coupons,
    /// Unpaid orders and held keys, where an order is to be placed unpaid, and how many of them there may be.
    pub(super) pending: Pending,
    pub(super) caps: PendingCaps,
    /// Orders that are to be settled. One that is not here is locked by another transaction.
    pub(super) unsettled: HashMap<OrderId, Arc<Unsettled>>,
    /// Those of them with a held key that cannot be sold.
    pub(super) undeliverable: HashSet<OrderId>,
    /// The time of the batch, Unix milliseconds.
    pub(super) now_ms: u64,
}

impl PlanState {
    pub(in crate::sale) fn new(
        pools: Vec<Pool>,
        credits: Vec<CreditWallet>,
        busy: Vec<Neighbour>,
        keys_max: u32,
        caps: PendingCaps,
        now_ms: u64,
    ) -> Self {
        Self {
            pools: pools.into_iter().map(|pool| (pool.product, Arc::new(pool))).collect(),
            credits: credits
                .into_iter()
                .map(|credit| ((credit.account, credit.balance.currency), credit))
                .collect(),
            busy: busy.into_iter().collect(),
            sellable: HashMap::new(),
            keys_max,
            counts: Counts::new(),
            coupons: Coupons::default(),
            pending: Pending::default(),
            caps,
            unsettled: HashMap::new(),
            undeliverable: HashSet::new(),
            now_ms,
        }
    }

    /// Of whom and what to read how much was bought: the accounts of the intents, and the products with a limit that they
    /// ask for, each with the period that counts now.
    pub(in crate::sale) fn counted(&self, intents: &[&Intent]) -> Vec<(SkuId, AccountId, i32)> {
        if self.pools.values().all(|pool| pool.buyer_limit.is_none()) {
            return Vec::new();
        }
        let mut counted = BTreeSet::new();
        for order in intents.iter().filter_map(|intent| intent.selling()) {
            for line in &order.lines {
                let pool = self.pools.get(&line.product);
                let limit = pool.and_then(|pool| Some((pool.sku, pool.buyer_limit?)));
                if let (Some((sku, limit)), Some(account)) = (limit, order.customer.account()) {
                    counted.insert((sku, account, limit.per.number(self.now_ms)));
                }
            }
        }
        counted.into_iter().collect()
    }

    /// Adds how much was bought.
    pub(in crate::sale) fn count(&mut self, counts: impl IntoIterator<Item = ((SkuId, AccountId), u32)>) {
        self.counts.extend(counts);
    }

    /// From now on, orders that need more keys of this pool than the next `keys` are held back.
    pub(in crate::sale) fn limit(&mut self, pool: i32, keys: i64) {
        self.sellable.insert(pool, keys);
    }

    /// The ids of the pools.
    pub(in crate::sale) fn pools(&self) -> Vec<i32> {
        self.pools.values().map(|pool| pool.pool).collect()
    }

    /// Adds what waits for payment.
    pub(in crate::sale) fn add_pending(&mut self, pending: Pending) {
        self.pending = pending;
    }

    /// Adds the orders that are to be settled.
    pub(in crate::sale) fn add_unsettled(&mut self, unsettled: HashMap<OrderId, Unsettled>) {
        let shared = unsettled.into_iter().map(|(id, unsettled)| (id, Arc::new(unsettled)));
        self.unsettled.extend(shared);
    }

    /// From now on this order is not delivered: one of its held keys cannot be sold.
    pub(in crate::sale) fn keep_back(&mut self, order: OrderId) {
        self.undeliverable.insert(order);
    }

    /// Adds a coupon that an order names.
    pub(in crate::sale) fn add_coupon(&mut self, fact: CouponFact) {
        self.coupons.add(fact);
    }

    /// The wallet that the customer pays from.
    pub(super) fn credit(&self, customer: &Customer, currency: Currency) -> Result<i64, RefusalReason> {
        customer
            .account()
            .and_then(|account| self.credits.get(&(account, currency)))
            .map(|credit| credit.wallet)
            .ok_or(RefusalReason::InsufficientCredit)
    }
}

//! What a batch reads: it takes the locks, reads the rows that they protect, and after the decision the keys that are
//! sold or held.
//!
//! The order matters: a row read before its lock could be changed by the lock's previous holder.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use alloy_primitives::B256;
use sqlx::PgConnection;

use super::context::BatchContext;
use super::plan::{self, Choice, OpenedKey, OpenedKeys, PlanState};
use super::trouble::Troubles;
use crate::domain::coupon::CouponFact;
use crate::domain::id::{OrderId, ProductId};
use crate::domain::order::{Customer, Order};
use crate::domain::pool::LowStock;
use crate::domain::sale::{AvailableKey, HeldRange, Intent, Neighbour, Pool, Reservation, Settlement, Unsettled};
use crate::store::StoreError;
use crate::store::coupon::{coupon_facts, coupon_lock};
use crate::store::pending::pending_count;
use crate::store::purchase::purchase_counts;
use crate::store::sale::{KeyRange, Wanted, sale_facts, sale_keys, sale_lock};
use crate::store::unsettled::{PaymentWallets, unsettled_facts, unsettled_lock, unsettled_wallets};
use crate::vault::{Vault, VaultError};

/// Whether a batch waits for rows that another transaction has locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// It waits for all rows except those that [`Troubles`] lists as locked.
    Waits,
    /// It waits for no row, and holds back the orders that need a locked one.
    Skips,
}

/// Locks and reads the pools, wallets and coupons that the intents need. If a row is locked by another transaction and is not
/// waited for, its product, account or coupon is held back.
pub(super) async fn state(
    connection: &mut PgConnection,
    context: &BatchContext,
    intents: &[&Intent],
    patience: Patience,
    now_ms: u64,
) -> Result<PlanState, StoreError> {
    let troubles = &context.troubles;
    let neighbours: BTreeSet<Neighbour> = intents.iter().flat_map(|intent| intent.neighbours()).collect();
    let (skip, wait): (BTreeSet<Neighbour>, BTreeSet<Neighbour>) = neighbours
        .into_iter()
        .partition(|neighbour| patience == Patience::Skips || troubles.skips(*neighbour));
    let is_patient = !skip.contains(&Neighbour::Payments);
    let (wait, skip) = (wanted(&wait), wanted(&skip));
    let settlements: Vec<&Settlement> = intents.iter().filter_map(|intent| settlement(intent)).collect();
    let orders = lock_orders(connection, &settlements).await?;
    let locked = sale_lock(connection, &wait, &skip).await?;
    let wallets = lock_wallets(connection, &settlements, &orders, is_patient).await?;
    let mut facts = sale_facts(connection, &wait, &skip, &locked).await?;
    if !orders.is_empty() {
        if wallets.are_locked() {
            troubles.unlocked(Neighbour::Payments);
        } else {
            facts.busy.push(Neighbour::Payments);
        }
    }
    let coupons = coupons(connection, &wait, &skip, intents, &mut facts.busy).await?;
    remember(troubles, [&wait, &skip], &facts.busy);
    let keys_max = context.keys_max;
    let mut state = PlanState::new(facts.pools, facts.credits, facts.busy, keys_max, context.caps, now_ms);
    for coupon in coupons {
        state.add_coupon(coupon);
    }
    let counted = state.counted(intents);
    if !counted.is_empty() {
        state.count(purchase_counts(&mut *connection, &counted).await?);
    }
    let reservations: Vec<&Reservation> = intents.iter().filter_map(|intent| reservation(intent)).collect();
    if !reservations.is_empty() {
        let guests: Vec<B256> = reservations.iter().filter_map(|of| guest(&of.order.customer)).collect();
        let addresses: Vec<B256> = reservations.iter().map(|of| of.address).collect();
        let pending = pending_count(connection, &guests, &addresses, &state.pools()).await?;
        state.add_pending(pending);
    }
    if !orders.is_empty() {
        state.add_unsettled(unsettled_facts(connection, orders, &settlements, &wallets).await?);
    }
    Ok(state)
}

const fn settlement(intent: &Intent) -> Option<&Settlement> {
    match intent {
        Intent::Settle(settlement) => Some(settlement),
        Intent::Sell(_) | Intent::Reserve(_) => None,
    }
}

const fn reservation(intent: &Intent) -> Option<&Reservation> {
    match intent {
        Intent::Reserve(reservation) => Some(reservation),
        Intent::Sell(_) | Intent::Settle(_) => None,
    }
}

const fn guest(customer: &Customer) -> Option<B256> {
    match customer {
        Customer::Guest(guest) => Some(*guest),
        Customer::Account(_) => None,
    }
}

/// Locks the orders that are to be settled, before anything else. Those that another transaction has locked are left out.
/// Without a settlement this costs nothing.
async fn lock_orders(connection: &mut PgConnection, settlements: &[&Settlement]) -> Result<Vec<Order>, StoreError> {
    if settlements.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = settlements.iter().map(|of| of.order).collect();
    unsettled_lock(connection, &ids).await
}

/// Locks the wallets of the settlements' payments, after all others.
async fn lock_wallets(
    connection: &mut PgConnection,
    settlements: &[&Settlement],
    orders: &[Order],
    is_patient: bool,
) -> Result<PaymentWallets, StoreError> {
    if orders.is_empty() {
        return Ok(PaymentWallets::default());
    }
    let payments: Vec<_> = settlements
        .iter()
        .filter_map(|of| Some(of.received.as_ref()?.payment))
        .collect();
    let currencies: Vec<_> = orders
        .iter()
        .filter_map(|order| Some(order.amounts?.currency))
        .collect();
    unsettled_wallets(connection, &payments, &currencies, is_patient).await
}

/// Locks and reads the coupons that the intents name. Those that are damaged or not locked are added to `busy`. Without
/// such an intent this costs nothing.
async fn coupons(
    connection: &mut PgConnection,
    wait: &Wanted,
    skip: &Wanted,
    intents: &[&Intent],
    busy: &mut Vec<Neighbour>,
) -> Result<Vec<CouponFact>, StoreError> {
    if wait.coupons.is_empty() && skip.coupons.is_empty() {
        return Ok(Vec::new());
    }
    let locked = coupon_lock(connection, &wait.coupons, &skip.coupons).await?;
    let wanted = intents.iter().filter_map(|intent| {
        let order = intent.selling()?;
        order.coupon.zip(order.customer.account())
    });
    let wanted: BTreeSet<_> = wanted.collect();
    coupon_facts(connection, &wanted.into_iter().collect::<Vec<_>>(), &locked, busy).await
}

/// What a batch decided, and the keys that it sells.
pub(super) struct Chosen<'a> {
    pub(super) choices: Vec<Choice<'a>>,
    pub(super) keys: OpenedKeys,
    /// Of which products the stock falls to its level.
    pub(super) low_stock: Vec<LowStock>,
}

/// Decides the intents, and reads the keys that are sold. If one of the keys cannot be sold, its pool is limited to the
/// keys before it, and everything is decided again.
pub(super) async fn choose<'a>(
    connection: &mut PgConnection,
    context: &BatchContext,
    state: &mut PlanState,
    intents: &[&'a Intent],
    anchor_by_s: u64,
) -> Result<Chosen<'a>, StoreError> {
    loop {
        let choices = plan::choose(state, intents);
        let held = plan::held_demand(&choices);
        let demand = plan::demand(&choices);
        if demand.is_empty() && held.is_empty() {
            return Ok(Chosen {
                choices,
                keys: OpenedKeys::default(),
                low_stock: Vec::new(),
            });
        }
        let wanted: Vec<_> = demand.values().map(|(pool, keys)| (&**pool, *keys)).collect();
        let mut opened = read_keys(connection, context, &wanted, anchor_by_s).await?;
        let broken = read_held(connection, context, &held, &mut opened, anchor_by_s).await?;
        let there = |pool: &Pool| (opened.len(pool.pool) as u64).cast_signed();
        let short: Vec<_> = wanted.into_iter().filter(|(pool, keys)| there(pool) < *keys).collect();
        if short.is_empty() && broken.is_empty() {
            let low_stock = demand.values().filter_map(|(pool, keys)| pool.falls_low(*keys));
            return Ok(Chosen {
                low_stock: low_stock.collect(),
                choices,
                keys: opened,
            });
        }
        for order in broken {
            state.keep_back(order);
        }
        for (pool, keys) in short {
            let there = there(pool);
            tracing::error!(product = %pool.product, keys, there, "fewer keys can be sold than the orders ask for");
            if there == 0 {
                context.troubles.unsellable(Neighbour::Product(pool.product));
            }
            state.limit(pool.pool, there);
        }
    }
}

/// Reads the keys that the intents ask for before their pools are locked. This is for speed only: a damaged row ends what
/// is read of its pool, and is found again under the lock.
pub(super) async fn ahead(
    connection: &mut PgConnection,
    context: &BatchContext,
    intents: &[&Intent],
) -> Result<(), StoreError> {
    let mut demand: BTreeMap<ProductId, u32> = BTreeMap::new();
    for order in intents.iter().filter_map(|intent| intent.placing()) {
        for line in &order.lines {
            *demand.entry(line.product).or_default() += line.quantity;
        }
    }
    let demand: Vec<_> = demand.into_iter().collect();
    let missing = context.read_ahead.missing(&demand, context.keys_max);
    if missing.is_empty() {
        return Ok(());
    }
    let wanted: Vec<_> = missing.iter().map(|(pool, keys)| KeyRange::next(pool, *keys)).collect();
    let mut read: HashMap<i32, Vec<_>> = HashMap::new();
    for (pool, key) in sale_keys(connection, &wanted).await? {
        read.entry(pool).or_default().push(key);
    }
    for (pool, _) in &missing {
        let keys = read.remove(&pool.pool).unwrap_or_default();
        context.read_ahead.add(pool, keys.into_iter().map_while(Result::ok));
    }
    Ok(())
}

/// Decrypts the next keys of each pool, up to the first that cannot be sold. Keys that were not read ahead are read.
async fn read_keys(
    connection: &mut PgConnection,
    context: &BatchContext,
    wanted: &[(&Pool, i64)],
    anchor_by_s: u64,
) -> Result<OpenedKeys, StoreError> {
    let mut opened = OpenedKeys::default();
    let mut broken = BTreeSet::new();
    let mut keys = Vec::new();
    let mut unread = Vec::new();
    for (pool, quantity) in wanted {
        match context.read_ahead.take(pool, *quantity) {
            Some(ahead) => keys.extend(ahead.into_iter().map(|key| (pool.pool, Ok(key)))),
            None => unread.push((*pool, *quantity)),
        }
    }
    if !unread.is_empty() {
        let ranges: Vec<_> = unread
            .iter()
            .map(|(pool, quantity)| KeyRange::next(pool, *quantity))
            .collect();
        keys.extend(sale_keys(connection, &ranges).await?);
        for (pool, _) in unread {
            let of_pool = keys.iter().rev().find(|(of, _)| *of == pool.pool);
            if let Some((_, Ok(last))) = of_pool {
                context.read_ahead.begin(pool, last.next_slot);
            }
        }
    }
    for (pool, key) in keys {
        if broken.contains(&pool) {
            continue;
        }
        match open(&context.vault, key, anchor_by_s) {
            Ok(key) => opened.push(key),
            Err(error) => {
                tracing::error!(%error, "a key cannot be sold: void it, or remove the cause that the error names");
                broken.insert(pool);
            }
        }
    }
    Ok(opened)
}

/// Decrypts held keys. Returns the orders of which one cannot be sold.
async fn read_held(
    connection: &mut PgConnection,
    context: &BatchContext,
    held: &[(&Unsettled, HeldRange)],
    opened: &mut OpenedKeys,
    anchor_by_s: u64,
) -> Result<BTreeSet<OrderId>, StoreError> {
    let mut broken = BTreeSet::new();
    if held.is_empty() {
        return Ok(broken);
    }
    let ranges: Vec<_> = held.iter().map(|(_, range)| KeyRange::held(range)).collect();
    let mut keys = sale_keys(connection, &ranges).await?;
    for (unsettled, range) in held {
        let is_its = |pool: i32, slot: i64| pool == range.pool && (range.first_slot..range.end_slot).contains(&slot);
        let its = keys.extract_if(.., |(pool, key)| key.as_ref().is_ok_and(|key| is_its(*pool, key.slot)));
        let its: Result<Vec<_>, _> = its.map(|(_, key)| open(&context.vault, key, anchor_by_s)).collect();
        match its {
            Ok(its) if i64::try_from(its.len()) == Ok(range.end_slot - range.first_slot) => {
                opened.push_held(range.hold, its);
            }
            Ok(_) => {
                tracing::error!(order = %unsettled.order.id, hold = range.hold, "a held key is not there or is damaged");
                broken.insert(unsettled.order.id);
            }
            Err(error) => {
                tracing::error!(%error, order = %unsettled.order.id, "a held key cannot be delivered");
                broken.insert(unsettled.order.id);
            }
        }
    }
    Ok(broken)
}

/// Why a key cannot be sold. Its product sells nothing until the cause is removed or the key is voided.
#[derive(Debug, thiserror::Error)]
enum Unsellable {
    #[error(transparent)]
    Row(#[from] StoreError),
    #[error("key {key_id}: {error}")]
    Vault { key_id: B256, error: VaultError },
    /// A sale follows the key's newest event in time, so its receipt would promise to anchor it before it happened.
    #[error("key {0}: its newest event lies in the future")]
    Future(B256),
}

fn open(vault: &Vault, key: Result<AvailableKey, StoreError>, anchor_by_s: u64) -> Result<OpenedKey, Unsellable> {
    let key = key?;
    let key_id = key.head.key_id;
    if key.head.at_ms / 1000 >= anchor_by_s {
        return Err(Unsellable::Future(key_id));
    }
    let data_key = vault.data_key_open(key.batch, &key.wrapped);
    let goods = data_key.and_then(|data_key| data_key.open(&key_id, key.batch, &key.sealed));
    let goods = goods.map_err(|error| Unsellable::Vault { key_id, error })?;
    Ok(OpenedKey { key, goods })
}

fn wanted(neighbours: &BTreeSet<Neighbour>) -> Wanted {
    let mut wanted = Wanted::default();
    for neighbour in neighbours {
        match neighbour {
            Neighbour::Product(product) => wanted.products.push(*product),
            Neighbour::Account(account) => wanted.accounts.push(*account),
            Neighbour::Coupon(coupon) => wanted.coupons.push(*coupon),
            // Their wallets are named by the payments.
            Neighbour::Payments => {}
        }
    }
    wanted
}

/// Records which products, accounts and coupons have a locked row, and which of those in `tried` have none any more.
fn remember(troubles: &Troubles, tried: [&Wanted; 2], busy: &[Neighbour]) {
    for neighbour in busy {
        troubles.locked(*neighbour);
    }
    for tried in tried {
        let products = tried.products.iter().copied().map(Neighbour::Product);
        let accounts = tried.accounts.iter().copied().map(Neighbour::Account);
        let coupons = tried.coupons.iter().copied().map(Neighbour::Coupon);
        for neighbour in products.chain(accounts).chain(coupons) {
            if !busy.contains(&neighbour) {
                troubles.unlocked(neighbour);
            }
        }
    }
}

//! Keys that are read before the batch that sells them has its locks.
//!
//! Batches of one product hold its pool's lock one after the other, so that each waits for what the one before reads
//! under the lock. A batch therefore reads its keys while it waits, from the slot where the last read ended. Under the
//! lock they are used only if the pool shows that no key among them was voided since ([`ReadAhead::take`]); otherwise
//! the batch reads again. All of this is in memory, and a restart forgets it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::id::ProductId;
use crate::domain::pool::Cursor;
use crate::domain::sale::{AvailableKey, Pool};

/// How long a pool's keys are kept, and read on from where a batch had it locked. The master key that wraps theirs may be
/// replaced meanwhile.
const AGE_MAX: Duration = Duration::from_secs(5);

/// For how many pools keys are kept. Each has at most what one batch asked for.
const POOLS_MAX: usize = 1_000;

/// The keys that were read of each product's pool.
#[derive(Debug, Default)]
pub(super) struct ReadAhead(Mutex<HashMap<ProductId, Ahead>>);

/// Every key for sale between two slots of a pool.
#[derive(Debug)]
struct Ahead {
    /// The pool as it was when a batch had it locked, with its cursor behind the keys: where the next read begins.
    next: Pool,
    /// The first of the slots.
    first_slot: i64,
    /// In the order of their slots.
    keys: VecDeque<AvailableKey>,
    since: Instant,
}

impl ReadAhead {
    /// What to read so that there are `quantity` keys of each product, but no more than `keys_max` in all. Nothing is
    /// read of a pool that no batch had locked of late.
    pub(super) fn missing(&self, demand: &[(ProductId, u32)], mut keys_max: u32) -> Vec<(Pool, i64)> {
        let now = Instant::now();
        let ahead = self.ahead();
        let mut missing = Vec::new();
        for (product, quantity) in demand {
            let quantity = (*quantity).min(keys_max);
            keys_max -= quantity;
            let Some(ahead) = ahead.get(product).filter(|ahead| !ahead.is_old(now)) else {
                continue;
            };
            let quantity = i64::from(quantity) - (ahead.keys.len() as u64).cast_signed();
            if quantity > 0 {
                missing.push((ahead.next.clone(), quantity));
            }
        }
        missing
    }

    /// Adds the keys that were read of `from`, a pool as [`Self::missing`] returned it, in the order of their slots.
    pub(super) fn add(&self, from: &Pool, keys: impl IntoIterator<Item = AvailableKey>) {
        let mut all = self.ahead();
        let Some(ahead) = all.get_mut(&from.product) else {
            return;
        };
        let next = &mut ahead.next;
        // Another worker may have begun anew meanwhile. These keys are of use if they leave no gap behind its keys, and
        // were read after the last withdrawal that it knows of.
        if next.pool != from.pool || next.holes != from.holes || next.cursor.slot < from.cursor.slot {
            return;
        }
        for key in keys {
            // It may also have read some of them.
            if next.cursor.slot <= key.slot {
                next.cursor.slot = key.next_slot;
                ahead.keys.push_back(key);
            }
        }
    }

    /// The next keys of a locked pool, if they were read and are still for sale.
    ///
    /// A key in a slot from the cursor on leaves the stock only by a sale, a hold or a withdrawal. The first two move
    /// the cursor past it. A withdrawal adds a hole to the pool, so while the number of holes is the one from before
    /// the keys were read, none of them was withdrawn.
    pub(super) fn take(&self, pool: &Pool, quantity: i64) -> Option<Vec<AvailableKey>> {
        let mut all = self.ahead();
        let ahead = all.get_mut(&pool.product)?;
        let is_same = ahead.next.pool == pool.pool && ahead.next.holes == pool.holes;
        // A batch that was rolled back leaves the cursor before the first of these keys.
        if !is_same || ahead.is_old(Instant::now()) || pool.cursor.slot < ahead.first_slot {
            all.remove(&pool.product);
            return None;
        }
        while ahead.keys.front().is_some_and(|key| key.slot < pool.cursor.slot) {
            ahead.keys.pop_front();
        }
        let quantity = usize::try_from(quantity).ok()?;
        if ahead.keys.len() < quantity {
            return None;
        }
        let keys: Vec<_> = ahead.keys.drain(..quantity).collect();
        ahead.first_slot = keys.last()?.next_slot;
        ahead.next.tail = pool.tail;
        Some(keys)
    }

    /// Begins anew for a locked pool, of which a batch has read the keys up to before `end`.
    pub(super) fn begin(&self, pool: &Pool, end: i64) {
        let next = Pool {
            cursor: Cursor {
                slot: end,
                ..pool.cursor
            },
            ..pool.clone()
        };
        let now = Instant::now();
        let mut ahead = self.ahead();
        if ahead.len() >= POOLS_MAX {
            ahead.retain(|_, ahead| !ahead.is_old(now));
        }
        if ahead.len() < POOLS_MAX || ahead.contains_key(&pool.product) {
            let (first_slot, keys) = (end, VecDeque::new());
            ahead.insert(
                pool.product,
                Ahead {
                    next,
                    first_slot,
                    keys,
                    since: now,
                },
            );
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        self.ahead().clear();
    }

    fn ahead(&self) -> MutexGuard<'_, HashMap<ProductId, Ahead>> {
        // Keys that a panic left half added are of their pool and in the order of their slots all the same.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ahead {
    fn is_old(&self, now: Instant) -> bool {
        self.since + AGE_MAX < now
    }
}

#[cfg(test)]
mod tests;

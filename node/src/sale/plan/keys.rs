//! The keys that were read for a batch, until they are handed out.

use std::collections::{HashMap, VecDeque};

use crate::domain::goods::Goods;
use crate::domain::sale::AvailableKey;

/// A key that can be sold, with its goods decrypted.
#[derive(Debug)]
pub(in crate::sale) struct OpenedKey {
    pub(in crate::sale) key: AvailableKey,
    pub(in crate::sale) goods: Goods,
}

/// The keys that were read, in the order of their slots.
#[derive(Debug, Default)]
pub(in crate::sale) struct OpenedKeys {
    /// Those for sale, by pool.
    stock: HashMap<i32, VecDeque<OpenedKey>>,
    /// Those that are held, by hold.
    held: HashMap<i64, Vec<OpenedKey>>,
}

impl OpenedKeys {
    /// Adds the next key of its pool.
    pub(in crate::sale) fn push(&mut self, key: OpenedKey) {
        self.stock.entry(key.key.pool).or_default().push_back(key);
    }

    /// How many keys of a pool there are.
    pub(in crate::sale) fn len(&self, pool: i32) -> usize {
        self.stock.get(&pool).map_or(0, VecDeque::len)
    }

    /// Adds the keys of a hold.
    pub(in crate::sale) fn push_held(&mut self, hold: i64, keys: Vec<OpenedKey>) {
        self.held.insert(hold, keys);
    }

    pub(super) fn take(&mut self, pool: i32, quantity: u32) -> Vec<OpenedKey> {
        let keys = self.stock.entry(pool).or_default();
        keys.drain(..keys.len().min(quantity as usize)).collect()
    }

    pub(super) fn take_held(&mut self, hold: i64) -> Vec<OpenedKey> {
        self.held.remove(&hold).unwrap_or_default()
    }
}

//! The writer of what a batch takes from the pools.

use std::collections::BTreeMap;

use super::Statement;
use crate::domain::pool::{Cursor, Take};
use crate::domain::sale::{AvailableKey, Pool};

/// One take for each pool.
#[derive(Debug, Default)]
pub struct StockRows(BTreeMap<i32, Take>);

impl StockRows {
    /// Adds a key of `pool` that is sold. Keys of a pool must be added in the order of their slots. Returns `false` if the
    /// key lies before the cursor, so that it must not be sold.
    #[must_use]
    pub fn sell(&mut self, pool: &Pool, key: &AvailableKey) -> bool {
        let take = self.0.entry(pool.pool).or_insert(Take {
            from: pool.cursor,
            to: pool.cursor,
        });
        if key.slot < take.to.slot {
            return false;
        }
        // The slots between the previous key and this one, and between this one and the next, hold no key for sale.
        take.to = Cursor {
            slot: key.next_slot,
            holes: take.to.holes + key.next_slot - take.to.slot - 1,
        };
        true
    }

    pub(super) fn bind(self, statement: Statement<'_>) -> Statement<'_> {
        let each = |column: fn(&Take) -> i64| self.0.values().map(column).collect::<Vec<_>>();
        statement
            .bind(self.0.keys().copied().collect::<Vec<_>>())
            .bind(each(|take| take.from.slot))
            .bind(each(|take| take.to.slot))
            .bind(each(|take| take.from.holes))
            .bind(each(|take| take.to.holes))
    }
}

//! The writer of sold keys, and of the takes from their pools.

use std::collections::BTreeMap;

use shelfproof_verifier::event::KeyEvent;

use super::Statement;
use crate::domain::pool::{Cursor, Take};
use crate::domain::sale::{AvailableKey, Pool};

/// The columns of `keys` after the sale, and one take for each pool.
#[derive(Debug, Default)]
pub struct StockRows {
    no: Vec<i64>,
    version: Vec<i32>,
    head: Vec<[u8; 32]>,
    at_ms: Vec<i64>,
    takes: BTreeMap<i32, Take>,
}

impl StockRows {
    /// Adds a key of `pool` that is sold by `event`. Keys of a pool must be added in the order of their slots. Returns
    /// `false` if the key lies before the cursor, so that it must not be sold.
    #[must_use]
    pub fn sell(&mut self, pool: &Pool, key: &AvailableKey, event: &KeyEvent) -> bool {
        let take = self.takes.entry(pool.pool).or_insert(Take {
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
        self.no.push(key.head.key_no);
        self.version.push(event.version.cast_signed());
        self.head.push(event.hash().0);
        self.at_ms.push(event.at_ms.cast_signed());
        true
    }

    pub(super) fn bind(self, statement: Statement<'_>) -> Statement<'_> {
        let each = |column: fn(&Take) -> i64| self.takes.values().map(column).collect::<Vec<_>>();
        statement
            .bind(self.no)
            .bind(self.version)
            .bind(self.head)
            .bind(self.at_ms)
            .bind(self.takes.keys().copied().collect::<Vec<_>>())
            .bind(each(|take| take.from.slot))
            .bind(each(|take| take.to.slot))
            .bind(each(|take| take.from.holes))
            .bind(each(|take| take.to.holes))
    }
}

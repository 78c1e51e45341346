//! The writer of keys and pools.

use std::collections::BTreeMap;

use shelfproof_verifier::event::KeyEvent;

use super::Statement;
use crate::domain::sale::{AvailableKey, Pool};

/// Columns of `keys` after their sale, and where the cursor of each pool ends.
#[derive(Debug, Default)]
pub struct StockRows {
    no: Vec<i64>,
    version: Vec<i32>,
    head: Vec<[u8; 32]>,
    at_ms: Vec<i64>,
    /// By pool: the cursor, and how many holes it stepped over.
    pools: BTreeMap<i32, (i64, i64)>,
}

impl StockRows {
    /// A key that is sold by `event`, out of `pool`. Keys of a pool come in the order of their slots: `false` where one
    /// lies before the cursor, and must not be sold.
    #[must_use]
    pub fn sell(&mut self, pool: &Pool, key: &AvailableKey, event: &KeyEvent) -> bool {
        let (cursor, holes) = self.pools.entry(pool.pool).or_insert((pool.cursor, 0));
        // Slots between the cursor and the key hold no key that can be sold.
        let stepped = key.slot - *cursor;
        if stepped < 0 {
            return false;
        }
        (*cursor, *holes) = (key.slot + 1, *holes + stepped);
        self.no.push(key.head.key_no);
        self.version.push(event.version.cast_signed());
        self.head.push(event.hash().0);
        self.at_ms.push(event.at_ms.cast_signed());
        true
    }

    pub(super) fn bind(self, statement: Statement<'_>) -> Statement<'_> {
        let (cursors, holes): (Vec<i64>, Vec<i64>) = self.pools.values().copied().unzip();
        statement
            .bind(self.no)
            .bind(self.version)
            .bind(self.head)
            .bind(self.at_ms)
            .bind(self.pools.into_keys().collect::<Vec<_>>())
            .bind(cursors)
            .bind(holes)
    }
}

//! The writer of what a batch takes from the pools, and what it holds.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::Statement;
use crate::domain::id::OrderId;
use crate::domain::pool::{Cursor, Take};
use crate::domain::sale::{AvailableKey, Pool};
use crate::store::StoreError;

/// Range after range of each pool, from its cursor on.
#[derive(Debug, Default)]
pub struct StockRows {
    takes: BTreeMap<i32, Vec<TakeRow>>,
    /// Until when held keys are held, Unix milliseconds; `None` where none are.
    held_until_ms: Option<u64>,
}

#[derive(Debug)]
struct TakeRow {
    take: Take,
    taker: Taker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taker {
    Batch,
    /// A hold for that line of an order.
    Hold(OrderId, i16),
    /// Nobody: the slots are empty.
    Nobody,
}

impl StockRows {
    /// Adds a key of `pool` that is sold. Keys of a pool must be added in the order of their slots. Returns `false` if the
    /// key lies before the cursor, so that it must not be sold.
    #[must_use]
    pub fn sell(&mut self, pool: &Pool, key: &AvailableKey) -> bool {
        let takes = self.takes.entry(pool.pool).or_default();
        let cursor = cursor(pool, takes);
        if key.slot < cursor.slot {
            return false;
        }
        // The slots between the previous key and this one, and between this one and the next, hold no key for sale.
        let to = Cursor {
            slot: key.next_slot,
            holes: cursor.holes + key.next_slot - cursor.slot - 1,
        };
        push(takes, Taker::Batch, cursor, to);
        true
    }

    /// Adds a key of `pool` that is held for a line of an order until `until_ms`, as [`sell`](Self::sell). What is held has
    /// no empty slot: those are taken by nobody.
    #[must_use]
    pub fn hold(&mut self, pool: &Pool, key: &AvailableKey, order: OrderId, line: i16, until_ms: u64) -> bool {
        let takes = self.takes.entry(pool.pool).or_default();
        let before = cursor(pool, takes);
        if key.slot < before.slot {
            return false;
        }
        self.held_until_ms = Some(until_ms);
        let at = |slot, holes| Cursor { slot, holes };
        let first = at(key.slot, before.holes + key.slot - before.slot);
        let end = at(key.slot + 1, first.holes);
        let next = at(key.next_slot, end.holes + key.next_slot - end.slot);
        push(takes, Taker::Nobody, before, first);
        push(takes, Taker::Hold(order, line), first, end);
        push(takes, Taker::Nobody, end, next);
        true
    }

    /// Whether something is held: the takes are then written by [`hold_write`].
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.held_until_ms.is_some()
    }

    /// Binds the takes, at most one a pool where nothing is held.
    pub(super) fn bind<'q>(&self, statement: Statement<'q>) -> Statement<'q> {
        let rows = || self.rows().filter(|_| !self.holds());
        statement
            .bind(rows().map(|(pool, _)| pool).collect::<Vec<_>>())
            .bind(rows().map(|(_, row)| row.take.from.slot).collect::<Vec<_>>())
            .bind(rows().map(|(_, row)| row.take.to.slot).collect::<Vec<_>>())
            .bind(rows().map(|(_, row)| row.take.from.holes).collect::<Vec<_>>())
            .bind(rows().map(|(_, row)| row.take.to.holes).collect::<Vec<_>>())
    }

    fn rows(&self) -> impl Iterator<Item = (i32, &TakeRow)> {
        let each = |(pool, rows): (&i32, _)| {
            let (pool, rows): (i32, &Vec<TakeRow>) = (*pool, rows);
            rows.iter().map(move |row| (pool, row))
        };
        self.takes.iter().flat_map(each)
    }
}

/// Where the next range of the pool begins.
fn cursor(pool: &Pool, takes: &[TakeRow]) -> Cursor {
    takes.last().map_or(pool.cursor, |last| last.take.to)
}

/// Adds a range, to the last one where that has the same taker. An empty range adds nothing.
fn push(takes: &mut Vec<TakeRow>, taker: Taker, from: Cursor, to: Cursor) {
    if from.slot == to.slot {
        return;
    }
    match takes.last_mut() {
        Some(last) if last.taker == taker => last.take.to = to,
        _ => takes.push(TakeRow {
            take: Take { from, to },
            taker,
        }),
    }
}

/// Writes the takes and the holds of a batch that holds something.
///
/// # Errors
/// If the database fails, or a constraint refuses a row.
pub(super) async fn hold_write(connection: &mut PgConnection, stock: &StockRows, batch: i64) -> Result<(), StoreError> {
    let Some(until_ms) = stock.held_until_ms else {
        return Ok(());
    };
    let rows: Vec<_> = stock.rows().collect();
    let owner = |taker| match taker {
        Taker::Hold(order, line) => (Some(order.0), Some(line)),
        Taker::Batch | Taker::Nobody => (None, None),
    };
    let each = |column: fn(&Take) -> i64| rows.iter().map(|(_, row)| column(&row.take)).collect::<Vec<_>>();
    let (orders, lines): (Vec<Option<Uuid>>, Vec<Option<i16>>) = rows.iter().map(|(_, row)| owner(row.taker)).unzip();
    sqlx::query(include_str!("../sql/hold_write.sql"))
        .bind(rows.iter().map(|(pool, _)| *pool).collect::<Vec<_>>())
        .bind(each(|take| take.from.slot))
        .bind(each(|take| take.to.slot))
        .bind(each(|take| take.from.holes))
        .bind(each(|take| take.to.holes))
        .bind(
            rows.iter()
                .map(|(_, row)| row.taker == Taker::Batch)
                .collect::<Vec<_>>(),
        )
        .bind(orders)
        .bind(lines)
        .bind(batch)
        .bind(until_ms.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests;

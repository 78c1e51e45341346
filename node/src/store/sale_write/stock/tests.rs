//! How takes and holds follow each other.

use uuid::Uuid;

use super::*;
use crate::domain::money::Currency;
use crate::domain::sale::samples::{key, pool};

const ORDER: OrderId = OrderId(Uuid::nil());

/// The key in that slot, before which of the next one `next` is.
fn at(slot: i64, next_slot: i64) -> AvailableKey {
    AvailableKey {
        next_slot,
        ..key(1, slot)
    }
}

/// Each row as its slots, the holes among them, and whether it is a batch's, a hold's or nobody's.
fn shape(stock: &StockRows) -> Vec<(i64, i64, i64, char)> {
    let kind = |taker| match taker {
        Taker::Batch => 'b',
        Taker::Hold(_, line) => char::from_digit(u32::from(line.unsigned_abs()), 10).unwrap(),
        Taker::Nobody => '-',
    };
    let row = |(_, row): (i32, &TakeRow)| {
        let Take { from, to } = row.take;
        (from.slot, to.slot, to.holes - from.holes, kind(row.taker))
    };
    stock.rows().map(row).collect()
}

#[test]
fn what_is_held_has_no_empty_slot() {
    // Slots 1, 4, 7 and 8 are empty.
    let pool = pool(1, Currency::CNY, 12);
    let mut stock = StockRows::default();
    assert!(stock.hold(&pool, &at(2, 3), ORDER, 1, 9));
    assert!(stock.hold(&pool, &at(3, 5), ORDER, 1, 9));
    assert!(stock.hold(&pool, &at(5, 6), ORDER, 2, 9));
    assert!(stock.sell(&pool, &at(6, 9)));
    assert!(stock.sell(&pool, &at(9, 10)));
    assert!(stock.hold(&pool, &at(10, 11), ORDER, 1, 9));
    assert_eq!(
        shape(&stock),
        [
            (1, 2, 1, '-'),
            (2, 4, 0, '1'),
            (4, 5, 1, '-'),
            (5, 6, 0, '2'),
            (6, 10, 2, 'b'),
            (10, 11, 0, '1')
        ]
    );
    assert!(stock.holds());
    assert!(!stock.hold(&pool, &at(9, 10), ORDER, 1, 9) && !stock.sell(&pool, &at(9, 10)));
}

#[test]
fn what_is_sold_is_one_range_a_pool() {
    let pool = pool(1, Currency::CNY, 12);
    let mut stock = StockRows::default();
    for (slot, next) in [(2, 3), (3, 6), (6, 7)] {
        assert!(stock.sell(&pool, &at(slot, next)));
    }
    assert_eq!(shape(&stock), [(1, 7, 3, 'b')]);
    assert!(!stock.holds());
}

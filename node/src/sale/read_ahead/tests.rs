//! Whatever happens to a pool between a read and a sale, the keys that are taken are the next ones that are for sale.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::id::SkuId;
use crate::domain::money::{Currency, Money};
use crate::domain::sale::samples;
use crate::domain::sku::{StockPolicy, Tiers};

const PRODUCT: ProductId = ProductId(Uuid::from_u128(1));

/// A pool as the database has it.
#[derive(Clone, Debug)]
struct Shelf {
    cursor: Cursor,
    tail: i64,
    voided: Vec<i64>,
    sold: Vec<i64>,
}

impl Shelf {
    fn pool(&self) -> Pool {
        Pool {
            pool: 1,
            product: PRODUCT,
            sku: SkuId(PRODUCT.0),
            cursor: self.cursor,
            tail: self.tail,
            holes: i64::try_from(self.voided.len()).unwrap(),
            name: String::new(),
            price: Money {
                minor: 1,
                currency: Currency::CNY,
            },
            tiers: Tiers::default(),
            order_max: None,
            buyer_limit: None,
            low_stock: None,
            policy: StockPolicy::Hold,
            on_sale: true,
            revenue_wallet: 1,
        }
    }

    /// What the statement `sale_keys` returns. It does not know which keys were sold.
    fn read(&self, from: &Pool, quantity: i64) -> Vec<AvailableKey> {
        let slots = (from.cursor.slot..from.tail).filter(|slot| !self.voided.contains(slot));
        let slots: Vec<i64> = slots.take(usize::try_from(quantity).unwrap() + 1).collect();
        let wanted = slots.iter().take(usize::try_from(quantity).unwrap()).enumerate();
        let next = |at: usize, slot: i64| match slots.get(at + 1) {
            Some(next) => *next,
            None if from.holes_ahead() == 0 => slot + 1,
            None => from.tail,
        };
        wanted.map(|(at, slot)| key(*slot, next(at, *slot))).collect()
    }

    /// Moves the cursor past these keys, as a sale does.
    fn sell(&mut self, keys: &[AvailableKey]) {
        let Some(last) = keys.last() else { return };
        assert!(self.cursor.slot <= keys[0].slot && last.slot < last.next_slot && last.next_slot <= self.tail);
        self.sold.extend(keys.iter().map(|key| key.slot));
        let passed = self.voided.iter().filter(|slot| **slot < last.next_slot).count();
        self.cursor = Cursor {
            slot: last.next_slot,
            holes: i64::try_from(passed).unwrap(),
        };
    }
}

fn key(slot: i64, next_slot: i64) -> AvailableKey {
    AvailableKey {
        next_slot,
        ..samples::key(1, slot)
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// A batch reads ahead for that many keys.
    Read(u32),
    /// It does so, and its answer is added only after the next step.
    ReadSlowly(u32),
    /// A batch sells that many keys, or rolls back after it took them.
    Sell { quantity: i64, commits: bool },
    /// Another node sells that many.
    SellElsewhere(i64),
    /// One of the keys for sale is withdrawn.
    Void(usize),
    /// Keys come in.
    Stock(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..6_u32).prop_map(Step::Read),
        2 => (1..6_u32).prop_map(Step::ReadSlowly),
        4 => (1..4_i64, prop::bool::weighted(0.8)).prop_map(|(quantity, commits)| Step::Sell { quantity, commits }),
        1 => (1..4_i64).prop_map(Step::SellElsewhere),
        1 => (0..6_usize).prop_map(Step::Void),
        1 => (1..4_i64).prop_map(Step::Stock),
    ]
}

/// Sells from what was read ahead, or else from a new read, as `read::choose` does.
fn take(ahead: &ReadAhead, shelf: &Shelf, quantity: i64) -> (Vec<AvailableKey>, bool) {
    let pool = shelf.pool();
    let quantity = quantity.min(pool.available());
    if quantity == 0 {
        return (Vec::new(), false);
    }
    if let Some(keys) = ahead.take(&pool, quantity) {
        return (keys, true);
    }
    let keys = shelf.read(&pool, quantity);
    if let Some(last) = keys.last() {
        ahead.begin(&pool, last.next_slot);
    }
    (keys, false)
}

proptest! {
    #[test]
    fn what_is_taken_is_what_a_new_read_would_find(steps in prop::collection::vec(step(), 1..60)) {
        let ahead = ReadAhead::default();
        let mut shelf = Shelf { cursor: Cursor { slot: 1, holes: 0 }, tail: 21, voided: Vec::new(), sold: Vec::new() };
        let mut slow: Option<(Pool, Vec<AvailableKey>)> = None;
        for step in steps {
            let earlier = slow.take();
            match step {
                Step::Read(quantity) | Step::ReadSlowly(quantity) => {
                    for (from, quantity) in ahead.missing(&[(PRODUCT, quantity)], 100) {
                        let keys = shelf.read(&from, quantity);
                        if matches!(step, Step::Read(_)) {
                            ahead.add(&from, keys);
                        } else {
                            slow = Some((from, keys));
                        }
                    }
                }
                Step::Sell { quantity, commits } => {
                    let (keys, _) = take(&ahead, &shelf, quantity);
                    let for_sale = (1..shelf.tail).filter(|slot| !shelf.voided.contains(slot) && !shelf.sold.contains(slot));
                    let expected: Vec<i64> = for_sale.take(usize::try_from(quantity).unwrap()).collect();
                    prop_assert_eq!(keys.iter().map(|key| key.slot).collect::<Vec<_>>(), expected);
                    // The slots up to the end of the take hold nothing that is for sale.
                    if let Some(last) = keys.last() {
                        prop_assert!((last.slot + 1..last.next_slot).all(|slot| shelf.voided.contains(&slot)));
                    }
                    if commits {
                        shelf.sell(&keys);
                    }
                }
                Step::SellElsewhere(quantity) => {
                    let keys = shelf.read(&shelf.pool(), quantity.min(shelf.pool().available()));
                    shelf.sell(&keys);
                }
                Step::Void(nth) => {
                    let slot = (shelf.cursor.slot..shelf.tail).filter(|slot| !shelf.voided.contains(slot)).nth(nth);
                    shelf.voided.extend(slot);
                }
                Step::Stock(keys) => shelf.tail += keys,
            }
            if let Some((from, keys)) = earlier {
                ahead.add(&from, keys);
            }
        }
    }
}

/// The property above would hold of a memory that never had anything.
#[test]
fn keys_that_were_read_ahead_are_taken_without_another_read() {
    let ahead = ReadAhead::default();
    let mut shelf = Shelf {
        cursor: Cursor { slot: 1, holes: 0 },
        tail: 21,
        voided: vec![5],
        sold: Vec::new(),
    };
    assert!(ahead.missing(&[(PRODUCT, 3)], 100).is_empty(), "no batch had it locked");
    let (keys, _) = take(&ahead, &shelf, 2);
    shelf.sell(&keys);
    for _ in 0..3 {
        let missing = ahead.missing(&[(PRODUCT, 3)], 100);
        let [(from, 3)] = &missing[..] else {
            panic!("{missing:?}")
        };
        ahead.add(from, shelf.read(from, 3));
        let (keys, was_ahead) = take(&ahead, &shelf, 3);
        assert!(was_ahead);
        shelf.sell(&keys);
    }
    assert_eq!(shelf.cursor, Cursor { slot: 13, holes: 1 });
    // Two products share what a batch may read.
    assert_eq!(ahead.missing(&[(PRODUCT, 9)], 4)[0].1, 4);
}

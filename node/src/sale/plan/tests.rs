//! Decisions over made-up pools.

use alloy_primitives::B256;
use proptest::prelude::*;
use shelfproof_verifier::event::Kind;
use uuid::Uuid;

use super::*;
use crate::domain::goods::WrappedKey;
use crate::domain::id::{BatchId, OrderId, SkuId};
use crate::domain::key::Head;
use crate::domain::order::SalesChannel;
use crate::domain::pool::Cursor;

const ME: AccountId = AccountId(Uuid::from_u128(1));

fn product(number: u8) -> ProductId {
    ProductId(Uuid::from_u128(u128::from(number)))
}

/// Pool `number`, at 2.00 in that currency.
fn pool(number: u8, currency: Currency) -> Pool {
    Pool {
        pool: i32::from(number),
        product: product(number),
        sku: SkuId(product(number).0),
        cursor: Cursor { slot: 1, holes: 0 },
        tail: 1000,
        holes: 0,
        name: format!("product {number}"),
        price: Money { minor: 200, currency },
        on_sale: true,
        revenue_wallet: 100 + i64::from(number),
    }
}

fn credit(currency: Currency, balance_minor: i64) -> CreditWallet {
    CreditWallet {
        wallet: 1,
        account: ME,
        balance: Money {
            minor: balance_minor,
            currency,
        },
    }
}

fn key(pool: u8, slot: i64) -> AvailableKey {
    AvailableKey {
        head: Head {
            key_no: i64::from(pool) * 1000 + slot,
            key_id: B256::ZERO,
            state: Kind::Activated,
            version: 2,
            hash: B256::ZERO,
            at_ms: 1,
        },
        pool: i32::from(pool),
        slot,
        next_slot: slot + 1,
        batch: BatchId(Uuid::nil()),
        wrapped: WrappedKey {
            wrapped: Vec::new(),
            master_generation: 1,
        },
        sealed: Vec::new(),
        vrf_proof: [0; 80],
    }
}

fn order(lines: &[(u8, u32)]) -> NewOrder {
    NewOrder {
        id: OrderId(Uuid::nil()),
        customer: Customer::Account(ME),
        channel: SalesChannel::Api,
        fingerprint: [0; 32],
        lines: lines
            .iter()
            .map(|(number, quantity)| NewLine {
                product: product(*number),
                quantity: *quantity,
                price: None,
            })
            .collect(),
        buyer: None,
    }
}

/// What was read under the locks: pools, wallets, and the keys of those pools.
struct Read {
    pools: Vec<Pool>,
    credits: Vec<CreditWallet>,
    keys: KeysByPool,
}

fn read(pools: Vec<Pool>, credits: Vec<CreditWallet>, keys: Vec<AvailableKey>) -> Read {
    let mut read = Read {
        pools,
        credits,
        keys: KeysByPool::new(),
    };
    for key in keys {
        read.keys.entry(key.pool).or_default().push_back(key);
    }
    read
}

impl Read {
    fn decide<'a>(&mut self, intents: &'a [Intent]) -> Vec<Decision<'a>> {
        let there = |pool: &Pool| self.keys.get(&pool.pool).map_or(0, VecDeque::len);
        let mut state = PlanState::new(&self.pools, &self.credits, there);
        let mut decisions = plan(&mut state, &intents.iter().collect::<Vec<_>>());
        assert!(hand_out(&mut decisions, &mut self.keys));
        decisions
    }
}

/// What each order got: the slots of each line, or why none.
fn outcomes(read: &mut Read, orders: &[NewOrder]) -> Vec<Result<Vec<Vec<i64>>, RefusalReason>> {
    let intents: Vec<Intent> = orders.iter().cloned().map(Intent::Sell).collect();
    let slots = |bought: &Bought| bought.keys.iter().map(|key| key.slot).collect();
    read.decide(&intents)
        .into_iter()
        .map(|Decision::Sell { outcome, .. }| outcome.map(|purchase| purchase.lines.iter().map(slots).collect()))
        .collect()
}

#[test]
fn where_keys_are_fewer_than_counted_none_is_handed_out() {
    let intents = [Intent::Sell(order(&[(1, 2)])), Intent::Sell(order(&[(2, 1)]))];
    let (pools, credits) = (
        vec![pool(1, Currency::CNY), pool(2, Currency::CNY)],
        vec![credit(Currency::CNY, 10_000)],
    );
    let mut state = PlanState::new(&pools, &credits, |_| 2);
    let mut decisions = plan(&mut state, &intents.iter().collect::<Vec<_>>());
    let counts: Vec<_> = taken(&decisions)
        .into_iter()
        .map(|(pool, keys)| (pool.pool, keys))
        .collect();
    assert_eq!(counts, [(1, 2), (2, 1)]);
    let mut keys = read(pools, credits, vec![key(1, 1), key(2, 1)]).keys;
    assert!(!hand_out(&mut decisions, &mut keys));
    assert_eq!(keys[&2].len(), 1);
}

#[test]
fn keys_go_out_in_the_order_of_slots_and_over_holes() {
    let mut state = read(
        vec![pool(1, Currency::CNY)],
        vec![credit(Currency::CNY, 10_000)],
        vec![key(1, 1), key(1, 4), key(1, 5)],
    );
    assert_eq!(
        outcomes(&mut state, &[order(&[(1, 2)]), order(&[(1, 2)]), order(&[(1, 1)])]),
        [Ok(vec![vec![1, 4]]), Err(RefusalReason::OutOfStock), Ok(vec![vec![5]])]
    );
}

#[test]
fn a_line_that_fails_leaves_all_its_order_s_keys() {
    let mut state = read(
        vec![pool(1, Currency::CNY), pool(2, Currency::CNY)],
        vec![credit(Currency::CNY, 10_000)],
        vec![key(1, 1)],
    );
    assert_eq!(
        outcomes(
            &mut state,
            &[order(&[(1, 1), (2, 1)]), order(&[(1, 1), (1, 1)]), order(&[(1, 1)])]
        ),
        [
            Err(RefusalReason::OutOfStock),
            Err(RefusalReason::OutOfStock),
            Ok(vec![vec![1]])
        ]
    );
}

#[test]
fn credit_is_spent_once() {
    let mut state = read(
        vec![pool(1, Currency::CNY)],
        vec![credit(Currency::CNY, 399)],
        (1..9).map(|slot| key(1, slot)).collect(),
    );
    assert_eq!(
        outcomes(&mut state, &[order(&[(1, 2)]), order(&[(1, 1)]), order(&[(1, 1)])]),
        [
            Err(RefusalReason::InsufficientCredit),
            Ok(vec![vec![1]]),
            Err(RefusalReason::InsufficientCredit)
        ]
    );
}

#[test]
fn every_refusal_has_its_reason() {
    let closed = Pool {
        on_sale: false,
        ..pool(2, Currency::CNY)
    };
    let mut state = read(
        vec![pool(1, Currency::CNY), closed, pool(3, Currency::JPY)],
        vec![credit(Currency::CNY, 10_000)],
        vec![key(1, 1), key(2, 1), key(3, 1)],
    );
    let priced = |price: &str| {
        let mut order = order(&[(1, 1)]);
        order.lines[0].price = Some(price.to_owned());
        order
    };
    assert_eq!(
        outcomes(
            &mut state,
            &[
                order(&[(9, 1)]),
                order(&[(2, 1)]),
                order(&[(1, 1), (3, 1)]),
                order(&[(3, 1)]),
                priced("2.01"),
                priced("two"),
                priced("2.0"),
            ]
        ),
        [
            Err(RefusalReason::UnknownProduct),
            Err(RefusalReason::ProductClosed),
            Err(RefusalReason::MixedCurrencies),
            Err(RefusalReason::InsufficientCredit),
            Err(RefusalReason::PriceChanged),
            Err(RefusalReason::PriceChanged),
            Ok(vec![vec![1]]),
        ]
    );
}

proptest! {
    #[test]
    fn no_key_goes_twice_and_no_credit_is_made(
        asked in prop::collection::vec(prop::collection::vec((1..3u8, 1..4u32), 1..3), 0..40),
        keys in 0..40i64,
        balance in 0..10_000i64,
    ) {
        let keys_there = (1..=keys).flat_map(|slot| [key(1, slot), key(2, slot)]).collect();
        let mut state = read(
            vec![pool(1, Currency::CNY), pool(2, Currency::CNY)],
            vec![credit(Currency::CNY, balance)],
            keys_there,
        );
        let intents: Vec<Intent> = asked.iter().map(|lines| Intent::Sell(order(lines))).collect();
        let mut taken = std::collections::HashSet::new();
        let mut spent = 0;
        for Decision::Sell { order, outcome } in state.decide(&intents) {
            let Ok(purchase) = outcome else { continue };
            spent += purchase.total.minor;
            let asked: u32 = order.lines.iter().map(|line| line.quantity).sum();
            prop_assert_eq!(purchase.items().count(), asked as usize);
            prop_assert_eq!(purchase.total.minor, i64::from(asked) * 200);
            for (_, _, key) in purchase.items() {
                prop_assert!(taken.insert(key.head.key_no));
            }
        }
        prop_assert!(spent <= balance);
    }
}

//! Tests of the decisions, with made-up pools.

use std::collections::HashSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::goods::Goods;
use crate::domain::id::{AccountId, OrderId};
use crate::domain::money::Currency;
use crate::domain::order::{Customer, NewLine, SalesChannel};
use crate::domain::sale::samples::{key, pool, product};
use crate::domain::sale::{AvailableKey, PendingCaps};
use crate::domain::wallet::CreditWallet;
use terms::{coupon_fact, with_coupon};

mod terms;

/// The time of the batch.
const NOW_MS: u64 = 1_790_000_000_000;

const CAPS: PendingCaps = PendingCaps {
    per_guest: 2,
    per_address: 3,
    per_product: 10,
    keys_per_address: 10,
};

const ME: AccountId = AccountId(Uuid::from_u128(1));

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
        coupon: None,
        buyer: None,
    }
}

/// Goods whose content does not matter.
fn opened(key: AvailableKey) -> OpenedKey {
    OpenedKey {
        key,
        goods: Goods {
            code: "code".into(),
            extra: "".into(),
        },
    }
}

/// What became of an order that is paid from credit.
fn sale(decision: Decision<'_>) -> Result<Purchase, RefusalReason> {
    match decision {
        Decision::Sell { outcome, .. } => outcome,
        other => panic!("no sale: {other:?}"),
    }
}

fn state(pools: Vec<Pool>, credits: Vec<CreditWallet>) -> PlanState {
    PlanState::new(pools, credits, Vec::new(), 1_000, CAPS, NOW_MS)
}

/// The result of each order: the slots of each line, or the reason why it was refused. Pools have keys at their first
/// slots.
fn outcomes(state: &PlanState, orders: &[NewOrder]) -> Vec<Result<Vec<Vec<i64>>, RefusalReason>> {
    let intents: Vec<Intent> = orders.iter().cloned().map(Intent::Sell).collect();
    let slots = |bought: &Bought| bought.keys.iter().map(|opened| opened.key.slot).collect();
    decide(state, &intents)
        .into_iter()
        .map(|decision| sale(decision).map(|purchase| purchase.lines.iter().map(slots).collect()))
        .collect()
}

/// The decisions, with as many keys as the choices demand, at each pool's first slots but the second.
fn decide<'a>(state: &PlanState, intents: &'a [Intent]) -> Vec<Decision<'a>> {
    let choices = choose(state, &intents.iter().collect::<Vec<_>>());
    let mut keys_there = OpenedKeys::default();
    for (pool, keys) in demand(&choices).into_values() {
        for (slot, _) in (1..).filter(|slot| *slot != 2).zip(0..keys) {
            keys_there.push(opened(key(u8::try_from(pool.pool).unwrap(), slot)));
        }
    }
    assign(choices, keys_there)
}

/// The reasons of the orders that are held back.
fn held_back(state: &PlanState, orders: &[NewOrder]) -> Vec<Option<HeldBack>> {
    let intents: Vec<Intent> = orders.iter().cloned().map(Intent::Sell).collect();
    let choices = choose(state, &intents.iter().collect::<Vec<_>>());
    choices.iter().map(Choice::held_back).collect()
}

#[test]
fn keys_are_handed_out_in_the_order_of_slots_and_over_holes() {
    let state = state(vec![pool(1, Currency::CNY, 3)], vec![credit(Currency::CNY, 10_000)]);
    assert_eq!(
        outcomes(&state, &[order(&[(1, 2)]), order(&[(1, 2)]), order(&[(1, 1)])]),
        [Ok(vec![vec![1, 3]]), Err(RefusalReason::OutOfStock), Ok(vec![vec![4]])]
    );
}

#[test]
fn a_line_that_fails_leaves_all_its_order_s_keys() {
    let state = state(
        vec![pool(1, Currency::CNY, 1), pool(2, Currency::CNY, 0)],
        vec![credit(Currency::CNY, 10_000)],
    );
    assert_eq!(
        outcomes(
            &state,
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
    let state = state(vec![pool(1, Currency::CNY, 8)], vec![credit(Currency::CNY, 399)]);
    assert_eq!(
        outcomes(&state, &[order(&[(1, 2)]), order(&[(1, 1)]), order(&[(1, 1)])]),
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
        ..pool(2, Currency::CNY, 1)
    };
    let state = state(
        vec![pool(1, Currency::CNY, 1), closed, pool(3, Currency::JPY, 1)],
        vec![credit(Currency::CNY, 10_000)],
    );
    let priced = |price: &str| {
        let mut order = order(&[(1, 1)]);
        order.lines[0].price = Some(price.to_owned());
        order
    };
    assert_eq!(
        outcomes(
            &state,
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

#[test]
fn only_orders_of_a_product_or_account_in_trouble_are_held_back() {
    let pools = || vec![pool(1, Currency::CNY, 9), pool(2, Currency::CNY, 9)];
    let credits = || vec![credit(Currency::CNY, 10_000)];
    let orders = [order(&[(1, 1)]), order(&[(2, 1)]), order(&[(2, 1), (1, 1)])];
    let busy = |neighbour| PlanState::new(pools(), credits(), vec![neighbour], 1_000, CAPS, NOW_MS);

    let first = Neighbour::Product(product(1));
    let why = Some(HeldBack::Busy(first));
    assert_eq!(held_back(&busy(first), &orders), [why, None, why]);
    let account = Neighbour::Account(ME);
    assert_eq!(held_back(&busy(account), &orders), [Some(HeldBack::Busy(account)); 3]);
    let mut state = state(pools(), credits());
    state.limit(2, 1);
    let why = Some(HeldBack::Unsellable);
    assert_eq!(
        held_back(&state, &orders),
        [None, None, why],
        "one key comes before the one that cannot be sold"
    );
}

#[test]
fn a_batch_has_its_fill_of_sold_keys_and_not_of_refused_ones() {
    let state = PlanState::new(
        vec![pool(1, Currency::CNY, 100), pool(2, Currency::CNY, 0)],
        vec![credit(Currency::CNY, 10_000)],
        Vec::new(),
        10,
        CAPS,
        NOW_MS,
    );
    let orders = [
        order(&[(2, 90)]),
        order(&[(1, 6)]),
        order(&[(1, 90)]),
        order(&[(1, 4)]),
        order(&[(1, 1)]),
        order(&[(2, 1)]),
    ];
    let full = Some(HeldBack::Full);
    // The third costs more than the credit.
    assert_eq!(held_back(&state, &orders), [None, None, None, None, full, full]);
    assert_eq!(
        held_back(&state, &[order(&[(1, 30)]), order(&[(1, 1)])]),
        [None, full],
        "an order with more keys than the bound is a batch of its own"
    );
}

proptest! {
    #[test]
    fn no_key_is_sold_twice_and_no_credit_is_made(
        asked in prop::collection::vec((prop::collection::vec((1..3u8, 1..4u32), 1..3), any::<bool>()), 0..40),
        uses_max in 1..6u32,
        keys in 0..40i64,
        balance in 0..10_000i64,
        keys_max in 1..50u32,
    ) {
        let state = PlanState::new(
            vec![pool(1, Currency::CNY, keys), pool(2, Currency::CNY, keys)],
            vec![credit(Currency::CNY, balance)],
            Vec::new(),
            keys_max,
            CAPS,
            NOW_MS,
        );
        let mut state = state;
        state.add_coupon(coupon_fact(uses_max, 0, 0));
        let intents: Vec<Intent> = asked
            .iter()
            .map(|(lines, is_coupon)| Intent::Sell(if *is_coupon { with_coupon(lines, "SPRING") } else { order(lines) }))
            .collect();
        let mut uses = 0;
        let mut taken = HashSet::new();
        let mut spent = 0;
        let mut largest = 0;
        for decision in decide(&state, &intents) {
            let Decision::Sell { order, outcome } = decision else {
                panic!("only sales were asked for");
            };
            let Ok(purchase) = outcome else { continue };
            spent += purchase.total.minor;
            let asked: u32 = order.lines.iter().map(|line| line.quantity).sum();
            largest = largest.max(asked);
            prop_assert_eq!(items(&purchase.lines).count(), asked as usize);
            let off = purchase.coupon_use.map_or(0, |of| of.discount_minor);
            uses += u32::from(purchase.coupon_use.is_some());
            prop_assert_eq!(purchase.coupon_use.is_some(), order.coupon.is_some());
            prop_assert_eq!(off, if order.coupon.is_some() { 50 } else { 0 });
            prop_assert_eq!(purchase.total.minor, i64::from(asked) * 200 - off);
            let discounts: i64 = purchase.lines.iter().map(|bought| bought.priced.line.discount_minor).sum();
            prop_assert_eq!(discounts, off);
            for (_, _, opened) in items(&purchase.lines) {
                prop_assert!(taken.insert(opened.key.head.key_no));
            }
        }
        prop_assert!(spent <= balance && uses <= uses_max);
        prop_assert!(taken.len() as u64 <= 2 * keys.unsigned_abs());
        prop_assert!(taken.len() <= keys_max.max(largest) as usize);
    }
}

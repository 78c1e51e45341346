//! Tests of the terms that products are sold under: tiers, limits and coupons.

use super::*;
use crate::domain::coupon::{Coupon, CouponCode, CouponFact, Discount, Uses};
use crate::domain::id::SkuId;
use crate::domain::sku::Tiers;
use crate::domain::sku::{BuyerLimit, Period, Tier};

/// The total of each order, or the reason why it was refused.
fn totals(state: &PlanState, orders: &[NewOrder]) -> Vec<Result<i64, RefusalReason>> {
    let intents: Vec<Intent> = orders.iter().cloned().map(Intent::Sell).collect();
    decide(state, &intents)
        .into_iter()
        .map(|decision| sale(decision).map(|purchase| purchase.total.minor))
        .collect()
}

#[test]
fn a_line_pays_the_tier_of_its_own_quantity() {
    let tier = |quantity, price_minor| Tier { quantity, price_minor };
    let wholesale = Pool {
        tiers: Tiers::stored(vec![tier(3, 150), tier(5, 101)]),
        ..pool(1, Currency::CNY, 100)
    };
    let state = state(vec![wholesale], vec![credit(Currency::CNY, 10_000)]);
    let priced = |quantity, price: &str| {
        let mut order = order(&[(1, quantity)]);
        order.lines[0].price = Some(price.to_owned());
        order
    };
    assert_eq!(
        totals(
            &state,
            &[
                order(&[(1, 2)]),
                order(&[(1, 3)]),
                order(&[(1, 7)]),
                order(&[(1, 2), (1, 3)]),
                priced(3, "1.5"),
                priced(3, "2.00"),
                priced(2, "1.50"),
            ]
        ),
        [
            Ok(400),
            Ok(450),
            Ok(707),
            Ok(850),
            Ok(450),
            Err(RefusalReason::PriceChanged),
            Err(RefusalReason::PriceChanged),
        ]
    );
}

/// A pool of which one order may have 5 keys and one account 7.
fn limited(per: Period) -> Pool {
    Pool {
        order_max: Some(5),
        buyer_limit: Some(BuyerLimit { units: 7, per }),
        ..pool(1, Currency::CNY, 100)
    }
}

#[test]
fn an_order_and_an_account_have_their_limits() {
    let mut state = state(vec![limited(Period::Ever)], vec![credit(Currency::CNY, 10_000)]);
    let orders = [
        order(&[(1, 6)]),
        order(&[(1, 3), (1, 3)]),
        order(&[(1, 3), (1, 2)]),
        order(&[(1, 3)]),
        order(&[(1, 2)]),
        order(&[(1, 1)]),
    ];
    let (order_limit, buyer_limit) = (Err(RefusalReason::OrderLimit), Err(RefusalReason::BuyerLimit));
    assert_eq!(
        totals(&state, &orders),
        [order_limit, order_limit, Ok(1_000), buyer_limit, Ok(400), buyer_limit]
    );
    let sku = SkuId(product(1).0);
    state.count([((sku, ME), 4)]);
    assert_eq!(
        totals(&state, &orders),
        [order_limit, order_limit, buyer_limit, Ok(600), buyer_limit, buyer_limit]
    );
}

#[test]
fn counts_are_asked_for_where_there_is_a_limit_and_continue_each_other() {
    let credits = || vec![credit(Currency::CNY, 10_000)];
    let one = Intent::Sell(order(&[(1, 2), (2, 1), (1, 1)]));
    let unlimited = state(vec![pool(1, Currency::CNY, 9), pool(2, Currency::CNY, 9)], credits());
    assert_eq!(unlimited.counted(&[&one]), []);
    let (sku, day) = (SkuId(product(1).0), i32::try_from(NOW_MS / 86_400_000).unwrap());
    let mut limited = state(vec![limited(Period::Day), pool(2, Currency::CNY, 9)], credits());
    assert_eq!(limited.counted(&[&one, &one]), [(sku, ME, day)]);
    limited.count([((sku, ME), 1)]);
    let purchased: Vec<_> = decide(&limited, &[one.clone(), one])
        .into_iter()
        .flat_map(|decision| sale(decision).unwrap().purchased)
        .map(|of| (of.period, of.before, of.after))
        .collect();
    assert_eq!(purchased, [(day, 1, 4), (day, 4, 7)]);
}

/// A coupon that takes 50 fen off product 1, and was used that often, by all and by this account.
pub(super) fn coupon_fact(uses_max: u32, all: u32, account: u32) -> CouponFact {
    let code: CouponCode = "SPRING".parse().unwrap();
    let coupon = Coupon {
        id: code.id(),
        code,
        discount: Discount::Fixed(50),
        currency: Some(Currency::CNY),
        minimum_minor: 0,
        products: vec![product(1)],
        starts_at_ms: None,
        ends_at_ms: None,
        ended_at_ms: None,
        uses_max: Some(uses_max),
        account_uses_max: None,
        created_at_ms: 1,
    };
    let uses = Uses { all, account };
    CouponFact {
        coupon,
        account: ME,
        uses,
    }
}

pub(super) fn with_coupon(lines: &[(u8, u32)], code: &str) -> NewOrder {
    NewOrder {
        coupon: Some(code.parse::<CouponCode>().unwrap().id()),
        ..order(lines)
    }
}

#[test]
fn a_coupon_s_uses_go_to_the_orders_that_are_sold() {
    let pools = vec![pool(1, Currency::CNY, 9), pool(2, Currency::CNY, 9)];
    let mut state = state(pools, vec![credit(Currency::CNY, 1_000)]);
    state.add_coupon(coupon_fact(5, 3, 1));
    let orders = [
        with_coupon(&[(1, 1)], "NOBODY"),
        with_coupon(&[(2, 1)], "SPRING"),
        // Too dear for the credit, so that the use is left to the next.
        with_coupon(&[(1, 9)], "SPRING"),
        with_coupon(&[(1, 1), (2, 1)], "spring"),
        with_coupon(&[(1, 1)], "SPRING"),
        with_coupon(&[(1, 1)], "SPRING"),
        order(&[(1, 1)]),
    ];
    assert_eq!(
        totals(&state, &orders),
        [
            Err(RefusalReason::CouponUnknown),
            Err(RefusalReason::CouponOtherProducts),
            Err(RefusalReason::InsufficientCredit),
            Ok(350),
            Ok(150),
            Err(RefusalReason::CouponUsedUp),
            Ok(200),
        ]
    );
    let intents: Vec<Intent> = orders.into_iter().map(Intent::Sell).collect();
    let uses: Vec<_> = decide(&state, &intents)
        .into_iter()
        .filter_map(|decision| sale(decision).ok()?.coupon_use)
        .map(|of| (of.number, of.account_number, of.discount_minor))
        .collect();
    assert_eq!(uses, [(4, 2, 50), (5, 3, 50)]);
}

#[test]
fn an_order_from_which_a_coupon_takes_nothing_is_no_use() {
    let free = Pool {
        price: Money {
            minor: 0,
            currency: Currency::CNY,
        },
        ..pool(1, Currency::CNY, 9)
    };
    let pools = vec![free, pool(2, Currency::CNY, 9)];
    let mut state = state(pools, vec![credit(Currency::CNY, 1_000)]);
    state.add_coupon(coupon_fact(1, 0, 0));
    let intent = Intent::Sell(with_coupon(&[(1, 1), (2, 1)], "SPRING"));
    for outcome in decide(&state, &[intent.clone(), intent]).into_iter().map(sale) {
        let purchase = outcome.unwrap();
        assert_eq!((purchase.total.minor, purchase.coupon_use), (200, None));
    }
}

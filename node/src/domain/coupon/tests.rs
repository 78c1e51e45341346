//! When a coupon can be used, and what it takes off.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const NOW_MS: u64 = 1_000;

fn product(number: u128) -> ProductId {
    ProductId(Uuid::from_u128(number))
}

fn coupon(discount: Discount) -> Coupon {
    let code: CouponCode = "SPRING".parse().unwrap();
    Coupon {
        id: code.id(),
        code,
        discount,
        currency: Some(Currency::CNY),
        minimum_minor: 0,
        products: Vec::new(),
        starts_at_ms: None,
        ends_at_ms: None,
        ended_at_ms: None,
        uses_max: None,
        account_uses_max: None,
        created_at_ms: 1,
    }
}

fn taken_off(coupon: &Coupon, lines: &[(u128, i64)]) -> Result<Vec<i64>, RefusalReason> {
    let lines: Vec<_> = lines.iter().map(|(number, minor)| (product(*number), *minor)).collect();
    coupon.discounts(Currency::CNY, &lines, Uses::default(), NOW_MS)
}

#[test]
fn a_code_is_read_in_any_case_and_is_one_coupon() {
    let code: CouponCode = "spring-2026_a".parse().unwrap();
    assert_eq!(code.as_str(), "SPRING-2026_A");
    assert_eq!(code.id(), "Spring-2026_A".parse::<CouponCode>().unwrap().id());
    assert_ne!(code.id(), "SPRING-2026_B".parse::<CouponCode>().unwrap().id());
    assert_eq!(code.id().0.get_version_num(), 8);
    for text in ["", "ab", "a b c", "春节优惠", "ABC\u{200b}", &"A".repeat(41)] {
        assert_eq!(text.parse::<CouponCode>(), Err(NotCouponCode), "{text:?}");
    }
}

#[test]
fn a_discount_is_never_more_than_what_it_is_for_costs() {
    let fixed = coupon(Discount::Fixed(500));
    assert_eq!(taken_off(&fixed, &[(1, 2_000)]), Ok(vec![500]));
    assert_eq!(taken_off(&fixed, &[(1, 300)]), Ok(vec![300]));
    assert_eq!(taken_off(&fixed, &[(1, 0)]), Ok(vec![0]));
    assert_eq!(
        taken_off(&fixed, &[(1, 1_000), (2, 500), (3, 500)]),
        Ok(vec![250, 125, 125])
    );
    let of_two = Coupon {
        products: vec![product(2)],
        ..fixed
    };
    assert_eq!(taken_off(&of_two, &[(1, 1_000), (2, 300)]), Ok(vec![0, 300]));
    // A part of a minor unit counts as one.
    let percent = coupon(Discount::Percent(10));
    for (minor, off) in [(1_000, 100), (1_001, 101), (1, 1), (0, 0)] {
        assert_eq!(taken_off(&percent, &[(1, minor)]), Ok(vec![off]), "{minor}");
    }
    assert_eq!(taken_off(&coupon(Discount::Percent(100)), &[(1, 999)]), Ok(vec![999]));
}

#[test]
fn every_rule_of_a_coupon_refuses_for_its_own_reason() {
    let plain = coupon(Discount::Percent(10));
    let lines = [(1, 1_000)];
    let with = |change: fn(&mut Coupon)| {
        let mut coupon = plain.clone();
        change(&mut coupon);
        taken_off(&coupon, &lines).map(|off| off[0])
    };
    assert_eq!(with(|coupon| coupon.starts_at_ms = Some(NOW_MS)), Ok(100));
    assert_eq!(with(|coupon| coupon.ends_at_ms = Some(NOW_MS + 1)), Ok(100));
    assert_eq!(with(|coupon| coupon.minimum_minor = 1_000), Ok(100));
    assert_eq!(with(|coupon| coupon.uses_max = Some(1)), Ok(100));
    let refused = [
        with(|coupon| coupon.starts_at_ms = Some(NOW_MS + 1)),
        with(|coupon| coupon.ends_at_ms = Some(NOW_MS)),
        with(|coupon| coupon.ended_at_ms = Some(NOW_MS + 1)),
        with(|coupon| coupon.products = vec![product(2)]),
        with(|coupon| coupon.currency = Some(Currency::JPY)),
        with(|coupon| coupon.minimum_minor = 1_001),
    ];
    let reasons = [
        RefusalReason::CouponNotYetValid,
        RefusalReason::CouponExpired,
        RefusalReason::CouponExpired,
        RefusalReason::CouponOtherProducts,
        RefusalReason::CouponOtherProducts,
        RefusalReason::CouponMinimum,
    ];
    assert_eq!(refused, reasons.map(Err));
    let limited = Coupon {
        uses_max: Some(3),
        account_uses_max: Some(1),
        ..plain
    };
    let after = |all, account| limited.discounts(Currency::CNY, &[(product(1), 1_000)], Uses { all, account }, NOW_MS);
    assert_eq!(after(2, 0), Ok(vec![100]));
    assert_eq!(after(3, 0), Err(RefusalReason::CouponUsedUp));
    assert_eq!(after(1, 1), Err(RefusalReason::CouponUsedUp));
}

proptest! {
    #[test]
    fn the_shares_add_up_to_the_discount_and_leave_no_line_below_zero(
        costs in prop::collection::vec((0..3u128, 0..100_000_000_000_000i64), 1..20),
        percent in 1..=100u8,
        fixed in 1..1_000_000_000_000i64,
    ) {
        for discount in [Discount::Percent(percent), Discount::Fixed(fixed)] {
            let of_some = Coupon { products: vec![product(1), product(2)], ..coupon(discount) };
            let Ok(off) = taken_off(&of_some, &costs) else {
                prop_assert!(costs.iter().all(|(number, _)| *number == 0));
                continue;
            };
            let total: i64 = costs.iter().filter(|(number, _)| *number > 0).map(|(_, minor)| minor).sum();
            for ((number, minor), off) in costs.iter().zip(&off) {
                prop_assert!((0..=*minor).contains(off) && (*number > 0 || *off == 0));
            }
            prop_assert_eq!(i128::from(off.iter().sum::<i64>()), discount.of(total.into()));
            let rest = i128::from(total) * 100 - i128::from(off.iter().sum::<i64>()) * 100;
            if let Discount::Percent(percent) = discount {
                // What is left is what it should be, or a part of a minor unit less.
                let exact = i128::from(total) * i128::from(100 - percent);
                prop_assert!(rest <= exact && exact - rest < 100);
            }
        }
    }
}

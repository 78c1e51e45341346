//! Amounts as Stripe counts them. Its decimals are not those of ISO 4217 for every currency.

use crate::domain::money::{Currency, MAX_MINOR, Money};

/// The currencies that Stripe counts in whole units.
const WHOLE: [Currency; 15] = [
    Currency::BIF,
    Currency::CLP,
    Currency::DJF,
    Currency::GNF,
    Currency::JPY,
    Currency::KMF,
    Currency::KRW,
    Currency::MGA,
    Currency::PYG,
    Currency::RWF,
    Currency::VND,
    Currency::VUV,
    Currency::XAF,
    Currency::XOF,
    Currency::XPF,
];

/// The currencies that Stripe counts in thousandths, the last digit of which must be 0.
const THOUSANDTHS: [Currency; 5] = [
    Currency::BHD,
    Currency::JOD,
    Currency::KWD,
    Currency::OMR,
    Currency::TND,
];

/// Those that have no decimals any more and that Stripe still counts in hundredths, which must be 0.
const WHOLE_IN_HUNDREDTHS: [Currency; 2] = [Currency::ISK, Currency::UGX];

/// How many decimals Stripe counts, and the step of its amounts.
fn places(currency: Currency) -> (u32, i64) {
    if WHOLE.contains(&currency) {
        (0, 1)
    } else if THOUSANDTHS.contains(&currency) {
        (3, 10)
    } else if WHOLE_IN_HUNDREDTHS.contains(&currency) {
        (2, 100)
    } else {
        (2, 1)
    }
}

/// `count` of units with `from` decimals in units with `to` decimals; `None` if it is not whole.
fn scaled(count: i64, from: u32, to: u32) -> Option<i64> {
    if to >= from {
        return count.checked_mul(10_i64.checked_pow(to - from)?);
    }
    let unit = 10_i64.checked_pow(from - to)?;
    (count % unit == 0).then_some(count / unit)
}

fn iso_places(currency: Currency) -> u32 {
    currency.exponent().map_or(0, u32::from)
}

/// What Stripe is asked for; `None` where it cannot be asked for this amount.
pub(super) fn to_stripe(money: Money) -> Option<i64> {
    let (places, step) = places(money.currency);
    let count = scaled(money.minor, iso_places(money.currency), places)?;
    (count > 0 && count % step == 0).then_some(count)
}

/// What Stripe says; `None` where it is no amount of the currency.
pub(super) fn from_stripe(count: i64, currency: Currency) -> Option<Money> {
    let minor = scaled(count, places(currency).0, iso_places(currency))?;
    (1..=MAX_MINOR).contains(&minor).then_some(Money { minor, currency })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_counted_as_stripe_counts_them() {
        for (text, currency, count) in [
            ("9.90", Currency::CNY, Some(990)),
            ("1200", Currency::JPY, Some(1_200)),
            ("5", Currency::UGX, Some(500)),
            ("40", Currency::ISK, Some(4_000)),
            ("5.120", Currency::KWD, Some(5_120)),
            ("5.124", Currency::KWD, None),
            ("10.00", Currency::MGA, Some(10)),
            ("10.50", Currency::MGA, None),
            ("10.45", Currency::HUF, Some(1_045)),
            ("0.00", Currency::CNY, None),
        ] {
            let money = Money::parse(text, currency).unwrap();
            assert_eq!(to_stripe(money), count, "{money}");
            if let Some(count) = count {
                assert_eq!(from_stripe(count, currency), Some(money), "{money}");
            }
        }
        for (count, currency) in [
            (501, Currency::UGX),
            (0, Currency::CNY),
            (-1, Currency::CNY),
            (i64::MAX, Currency::JPY),
        ] {
            assert_eq!(from_stripe(count, currency), None, "{count}");
        }
    }

    proptest! {
        #[test]
        fn what_is_asked_for_is_what_is_read(minor in 1..=MAX_MINOR, at in 0..7usize) {
            let currency = [
                Currency::CNY, Currency::JPY, Currency::KWD, Currency::ISK, Currency::MGA, Currency::UGX, Currency::USD,
            ][at];
            let money = Money { minor, currency };
            if let Some(count) = to_stripe(money) {
                prop_assert_eq!(from_stripe(count, currency), Some(money));
            }
        }
    }
}

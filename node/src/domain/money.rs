//! Money: whole minor units of a currency, and the decimal string that people and files write.

use std::fmt;

pub use iso_currency::Currency;

/// The greatest amount of one price, top-up or total, in minor units.
pub const MAX_MINOR: i64 = 1_000_000_000_000;

/// The longest text that is read as an amount, bytes.
pub const MAX_TEXT: usize = 20;

/// An amount that is not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// In the currency's minor unit: cents, fen; whole yen.
    pub minor: i64,
    /// ISO 4217.
    pub currency: Currency,
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotMoney {
    /// It is not digits with at most one point between them.
    #[error("an amount is written as digits, with a point before the decimals: 9.90")]
    Form,
    /// It has more decimals than the currency.
    #[error("{currency} has {decimals} decimals", currency = .0.code(), decimals = decimals(*.0))]
    Decimals(Currency),
    /// It is over [`MAX_MINOR`].
    #[error("an amount is at most {MAX_MINOR} minor units")]
    TooLarge,
}

/// How many decimals a currency's minor unit makes.
fn decimals(currency: Currency) -> usize {
    currency.exponent().map_or(0, usize::from)
}

impl Money {
    /// Reads a decimal string. Fewer decimals than the currency has are as good: `9.9` is `9.90`.
    ///
    /// # Errors
    /// With the rule that is broken.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, NotMoney> {
        let (whole, part) = text
            .split_once('.')
            .map_or((text, None), |(whole, part)| (whole, Some(part)));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !part.is_none_or(digits) {
            return Err(NotMoney::Form);
        }
        if text.len() > MAX_TEXT {
            return Err(NotMoney::TooLarge);
        }
        let (part, places) = (part.unwrap_or_default(), decimals(currency));
        if part.len() > places {
            return Err(NotMoney::Decimals(currency));
        }
        let minor: i64 = format!("{whole}{part:0<places$}")
            .parse()
            .map_err(|_| NotMoney::TooLarge)?;
        if minor > MAX_MINOR {
            return Err(NotMoney::TooLarge);
        }
        Ok(Self { minor, currency })
    }

    /// The decimal string alone, with all of the currency's decimals.
    #[must_use]
    pub fn decimal(&self) -> String {
        let places = decimals(self.currency);
        if places == 0 {
            return self.minor.to_string();
        }
        let digits = format!("{:0>width$}", self.minor, width = places + 1);
        let (whole, part) = digits.split_at(digits.len() - places);
        format!("{whole}.{part}")
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency.code())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, currency, minor) in [
            ("9.90", Currency::CNY, 990),
            ("9.9", Currency::CNY, 990),
            ("9", Currency::CNY, 900),
            ("0.05", Currency::USD, 5),
            ("1200", Currency::JPY, 1200),
            ("1.234", Currency::KWD, 1234),
        ] {
            assert_eq!(Money::parse(text, currency), Ok(Money { minor, currency }), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,000", " 1", "1.2.3", "１"] {
            assert_eq!(Money::parse(text, Currency::CNY), Err(NotMoney::Form), "{text:?}");
        }
        assert_eq!(
            Money::parse("1.234", Currency::CNY),
            Err(NotMoney::Decimals(Currency::CNY))
        );
        assert_eq!(
            Money::parse("1.0", Currency::JPY),
            Err(NotMoney::Decimals(Currency::JPY))
        );
        assert_eq!(Money::parse("10000000000.01", Currency::CNY), Err(NotMoney::TooLarge));
        assert_eq!(Money::parse(&"9".repeat(40), Currency::CNY), Err(NotMoney::TooLarge));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(minor in 0..=MAX_MINOR, at in 0..3usize) {
            let currency = [Currency::CNY, Currency::JPY, Currency::KWD][at];
            let money = Money { minor, currency };
            prop_assert_eq!(Money::parse(&money.decimal(), currency), Ok(money));
        }
    }
}

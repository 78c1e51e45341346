//! How many units of an SKU one account may buy.

use std::fmt;
use std::str::FromStr;

/// The most units that a limit can be about.
pub const MAX_BUYER_UNITS: u32 = 1_000_000;

const DAY_MS: u64 = 86_400_000;

/// The most units that one account may buy in each period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuyerLimit {
    pub units: u32,
    pub per: Period,
}

/// What a limit counts over. Each period counts for itself: what was bought under a limit of the one does not count under
/// one of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// All of an account's purchases while the limit is of this period.
    Ever,
    /// Those of one day in UTC while the limit is of this period.
    Day,
}

/// Why a text is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a limit for each buyer is a number of keys, or one for each day: 3 or 3/day")]
pub struct NotBuyerLimit;

impl Period {
    pub const ALL: [Self; 2] = [Self::Ever, Self::Day];

    /// The period as the API and the database write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ever => "ever",
            Self::Day => "day",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.name() == name)
    }

    /// The number of the period at that time, Unix milliseconds: the days since 1970, or 0 where there is only one.
    #[must_use]
    pub fn number(self, now_ms: u64) -> i32 {
        match self {
            Self::Ever => 0,
            Self::Day => i32::try_from(now_ms / DAY_MS).unwrap_or(i32::MAX),
        }
    }
}

impl FromStr for BuyerLimit {
    type Err = NotBuyerLimit;

    fn from_str(text: &str) -> Result<Self, NotBuyerLimit> {
        let (units, per) = match text.split_once('/') {
            Some((units, "day")) => (units, Period::Day),
            Some(_) => return Err(NotBuyerLimit),
            None => (text, Period::Ever),
        };
        let is_number = units.bytes().all(|byte| byte.is_ascii_digit());
        let units = units.parse().ok().filter(|_| is_number).ok_or(NotBuyerLimit)?;
        Ok(Self { units, per })
    }
}

impl fmt::Display for BuyerLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.per {
            Period::Ever => write!(f, "{}", self.units),
            Period::Day => write!(f, "{}/day", self.units),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_writes_is_read_and_shown() {
        for (text, units, per) in [("3", 3, Period::Ever), ("10/day", 10, Period::Day)] {
            let limit = BuyerLimit { units, per };
            assert_eq!((text.parse(), limit.to_string().as_str()), (Ok(limit), text));
        }
        for text in ["", "/day", "+3", "3/week", "3/", "3 / day", "-1", "4294967296"] {
            assert_eq!(text.parse::<BuyerLimit>(), Err(NotBuyerLimit), "{text:?}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_utc() {
        let midnight = 1_790_035_200_000;
        assert_eq!(Period::Day.number(midnight - 1) + 1, Period::Day.number(midnight));
        assert_eq!(Period::Day.number(midnight), Period::Day.number(midnight + DAY_MS - 1));
        assert_eq!(Period::Ever.number(midnight), 0);
    }
}

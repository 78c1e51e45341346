//! Wholesale tiers: a lower price of each unit, from a quantity on.

use std::fmt::Write;
use std::str::FromStr;

use crate::domain::money::{Currency, Money, NotMoney};
use crate::domain::order::MAX_KEYS;

/// The most tiers of one SKU.
pub const MAX_TIERS: usize = 10;

/// A tier as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTier {
    pub quantity: u32,
    /// A decimal string in the SKU's currency.
    pub price: String,
}

/// Tiers as a person writes them: `5=3,20=2.50`, or `none`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTiers(pub Vec<NewTier>);

/// One tier: a line of that many units or more pays this price for each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    pub quantity: u32,
    pub price_minor: i64,
}

/// The tiers of one SKU. Their quantities ascend from 2 on; their prices fall, and are all below the SKU's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tiers(Vec<Tier>);

/// Why something is no list of tiers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTiers {
    #[error("tiers are written as quantity=price, with commas between them: 5=3,20=2.50; this is none: {0:?}")]
    Form(String),
    #[error("the tier from {quantity} units: {error}")]
    Price { quantity: u32, error: NotMoney },
    #[error("there are at most {MAX_TIERS} tiers")]
    TooMany,
    #[error("a tier begins at 2 to {MAX_KEYS} units, not at {0}")]
    Quantity(u32),
    #[error("the tiers' quantities must ascend: the tier from {0} units stands behind one from as many or more")]
    Ascending(u32),
    #[error("the tiers' prices must fall: from {quantity} units on, {price} is not below the price for fewer")]
    Falling { quantity: u32, price: String },
}

impl FromStr for NewTiers {
    type Err = NotTiers;

    fn from_str(text: &str) -> Result<Self, NotTiers> {
        if text == "none" {
            return Ok(Self(Vec::new()));
        }
        let tier = |part: &str| {
            let (quantity, price) = part.split_once('=')?;
            let is_number = !quantity.is_empty() && quantity.bytes().all(|byte| byte.is_ascii_digit());
            Some(NewTier {
                quantity: quantity.parse().ok().filter(|_| is_number)?,
                price: price.to_owned(),
            })
        };
        let tiers = text
            .split(',')
            .map(|part| tier(part).ok_or_else(|| NotTiers::Form(part.to_owned())));
        tiers.collect::<Result<_, _>>().map(Self)
    }
}

impl Tiers {
    /// The tiers of an SKU of that price.
    ///
    /// # Errors
    /// The first rule that they break.
    pub fn new(tiers: &[NewTier], price: Money) -> Result<Self, NotTiers> {
        let read = tiers.iter().map(|NewTier { quantity, price: text }| {
            let quantity = *quantity;
            match Money::parse(text, price.currency) {
                Ok(Money { minor, .. }) => Ok(Tier {
                    quantity,
                    price_minor: minor,
                }),
                Err(error) => Err(NotTiers::Price { quantity, error }),
            }
        });
        let tiers = Self(read.collect::<Result<_, _>>()?);
        tiers.check(price)?;
        Ok(tiers)
    }

    /// Tiers that were checked before they were stored.
    #[must_use]
    pub const fn stored(tiers: Vec<Tier>) -> Self {
        Self(tiers)
    }

    /// Whether these are tiers of an SKU of that price.
    ///
    /// # Errors
    /// The first rule that they break.
    pub fn check(&self, price: Money) -> Result<(), NotTiers> {
        if self.0.len() > MAX_TIERS {
            return Err(NotTiers::TooMany);
        }
        let mut before = Tier {
            quantity: 1,
            price_minor: price.minor,
        };
        for tier in &self.0 {
            let Tier { quantity, price_minor } = *tier;
            if !(2..=MAX_KEYS).contains(&quantity) {
                return Err(NotTiers::Quantity(quantity));
            }
            if quantity <= before.quantity {
                return Err(NotTiers::Ascending(quantity));
            }
            if price_minor >= before.price_minor {
                let price = decimal(price_minor, price.currency);
                return Err(NotTiers::Falling { quantity, price });
            }
            before = *tier;
        }
        Ok(())
    }

    /// What each unit costs in a line of that many, where a single one costs `price_minor`.
    #[must_use]
    pub fn unit_minor(&self, price_minor: i64, quantity: u32) -> i64 {
        let reached = self.0.iter().rev().find(|tier| tier.quantity <= quantity);
        reached.map_or(price_minor, |tier| tier.price_minor)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Tier> {
        self.0.iter()
    }

    /// The tiers as a person writes them, `5=3.00,20=2.50`; empty where there are none.
    #[must_use]
    pub fn text(&self, currency: Currency) -> String {
        let mut text = String::new();
        for tier in &self.0 {
            let comma = if text.is_empty() { "" } else { "," };
            // Writing to a string cannot fail.
            let _ = write!(text, "{comma}{}={}", tier.quantity, decimal(tier.price_minor, currency));
        }
        text
    }
}

fn decimal(minor: i64, currency: Currency) -> String {
    Money { minor, currency }.decimal()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn price(minor: i64) -> Money {
        Money {
            minor,
            currency: Currency::CNY,
        }
    }

    fn tiers(text: &str) -> Result<Tiers, NotTiers> {
        text.parse().and_then(|NewTiers(tiers)| Tiers::new(&tiers, price(400)))
    }

    #[test]
    fn a_line_pays_the_tier_that_it_reaches() {
        let tiers = tiers("5=3,20=2.50").unwrap();
        for (quantity, unit) in [(1, 400), (4, 400), (5, 300), (19, 300), (20, 250), (100, 250)] {
            assert_eq!(tiers.unit_minor(400, quantity), unit, "{quantity}");
        }
        assert_eq!(Tiers::default().unit_minor(400, 100), 400);
        assert_eq!(tiers.text(Currency::CNY), "5=3.00,20=2.50");
    }

    #[test]
    fn what_is_no_list_of_tiers_is_refused_with_the_rule() {
        let form = |part: &str| NotTiers::Form(part.to_owned());
        for (text, refused) in [
            ("", form("")),
            ("5", form("5")),
            ("5:3", form("5:3")),
            ("5=3,", form("")),
            ("+5=3", form("+5=3")),
            (" 5=3", form(" 5=3")),
            ("-5=3", form("-5=3")),
            ("99999999999=3", form("99999999999=3")),
            (
                "5=3.001",
                NotTiers::Price {
                    quantity: 5,
                    error: NotMoney::Decimals(Currency::CNY),
                },
            ),
            (
                "5=3 ",
                NotTiers::Price {
                    quantity: 5,
                    error: NotMoney::Form,
                },
            ),
            ("1=3", NotTiers::Quantity(1)),
            ("101=3", NotTiers::Quantity(101)),
            ("5=3,5=2", NotTiers::Ascending(5)),
            ("5=3,4=2", NotTiers::Ascending(4)),
            (
                "5=4",
                NotTiers::Falling {
                    quantity: 5,
                    price: "4.00".to_owned(),
                },
            ),
            (
                "5=3,6=3",
                NotTiers::Falling {
                    quantity: 6,
                    price: "3.00".to_owned(),
                },
            ),
        ] {
            assert_eq!(tiers(text), Err(refused), "{text:?}");
        }
        let many: Vec<String> = (2..13).map(|at| format!("{at}={}", 100 - at)).collect();
        let NewTiers(many) = many.join(",").parse().unwrap();
        assert_eq!(Tiers::new(&many, price(99_999)), Err(NotTiers::TooMany));
        assert_eq!(tiers("none"), Ok(Tiers::default()));
    }

    proptest! {
        #[test]
        fn more_units_never_cost_more_each_and_the_text_is_read_again(
            steps in prop::collection::vec((1..9u32, 1..50i64), 0..=MAX_TIERS),
            quantity in 1..MAX_KEYS,
        ) {
            let (mut at, mut minor) = (1, 1_000);
            let steps = steps.into_iter().map(|(more, less)| {
                at += more;
                minor -= less;
                Tier { quantity: at, price_minor: minor }
            });
            let tiers = Tiers::stored(steps.collect());
            prop_assert_eq!(tiers.check(price(1_000)), Ok(()));
            prop_assert!(tiers.unit_minor(1_000, quantity + 1) <= tiers.unit_minor(1_000, quantity));
            let text = tiers.text(Currency::CNY);
            if !text.is_empty() {
                let NewTiers(again) = text.parse().unwrap();
                prop_assert_eq!(Tiers::new(&again, price(1_000)), Ok(tiers));
            }
        }
    }
}

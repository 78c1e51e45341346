//! Coupons: what takes something off an order, as often as each may be used.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use uuid::Builder;

use super::id::{AccountId, CouponId, ProductId};
use super::money::{Currency, Money};
use super::order::RefusalReason;

/// The fewest and the most characters of a code.
pub const MIN_CODE: usize = 3;
pub const MAX_CODE: usize = 40;

/// The most products that a coupon names.
pub const MAX_PRODUCTS: usize = 100;

/// The most uses that a coupon can be limited to.
pub const MAX_USES: u32 = 1_000_000_000;

/// Hashed before a code, so that a coupon's id is the hash of nothing else.
const COUPON_DOMAIN: &[u8] = b"shelfproof-coupon-id-v1:";

/// What a buyer names to use a coupon: upper-case letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CouponCode(String);

/// Why a text is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a coupon's code has {MIN_CODE} to {MAX_CODE} letters, digits, hyphens and underscores, in ASCII")]
pub struct NotCouponCode;

/// What a coupon takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discount {
    /// That many minor units of the coupon's currency, and no more than the lines cost that it is for.
    Fixed(i64),
    /// Of every hundred minor units of those lines so many; a part of one counts as one, in the buyer's favour.
    Percent(u8),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// Derived from the code, see [`CouponCode::id`].
    pub id: CouponId,
    pub code: CouponCode,
    pub discount: Discount,
    /// The only currency that it is for; it has one if an amount depends on it.
    pub currency: Option<Currency>,
    /// The least that the order costs before the discount, over all its lines.
    pub minimum_minor: i64,
    /// What it is for; all products where this is empty.
    pub products: Vec<ProductId>,
    /// From when, and until before when it can be used, Unix milliseconds.
    pub starts_at_ms: Option<u64>,
    pub ends_at_ms: Option<u64>,
    /// When it was ended by hand.
    pub ended_at_ms: Option<u64>,
    /// How often it can be used, by all and by one account.
    pub uses_max: Option<u32>,
    pub account_uses_max: Option<u32>,
    pub created_at_ms: u64,
}

/// How often a coupon was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    pub all: u32,
    /// By one account.
    pub account: u32,
}

/// A coupon that an account wants to use, and how often it was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CouponFact {
    pub coupon: Coupon,
    pub account: AccountId,
    pub uses: Uses,
}

/// One use of a coupon. It belongs to its order, whatever becomes of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CouponUse {
    pub coupon: CouponId,
    pub account: AccountId,
    /// Which use it is, from 1, of all and of the account's.
    pub number: u32,
    pub account_number: u32,
    pub discount_minor: i64,
}

impl FromStr for CouponCode {
    type Err = NotCouponCode;

    fn from_str(text: &str) -> Result<Self, NotCouponCode> {
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_plain || !(MIN_CODE..=MAX_CODE).contains(&text.len()) {
            return Err(NotCouponCode);
        }
        Ok(Self(text.to_ascii_uppercase()))
    }
}

impl fmt::Display for CouponCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CouponCode {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the coupon of that code: the first 16 bytes of a SHA-256 over it, with the bits that mark a UUID of
    /// version 8. So an order names a coupon before anybody has looked it up.
    #[must_use]
    pub fn id(&self) -> CouponId {
        let hash = Sha256::new_with_prefix(COUPON_DOMAIN).chain_update(&self.0).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        CouponId(Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl Coupon {
    /// What the coupon takes off each line of an order, in minor units, if it can be used once more at that time. A line
    /// is its product and what it costs.
    ///
    /// # Errors
    /// The first rule of the coupon that the order breaks.
    pub fn discounts(
        &self,
        currency: Currency,
        lines: &[(ProductId, i64)],
        uses: Uses,
        now_ms: u64,
    ) -> Result<Vec<i64>, RefusalReason> {
        // Once ended, whatever the time: that of a batch may lie before the end that it reads.
        if self.ended_at_ms.is_some() || self.ends_at_ms.is_some_and(|ends| ends <= now_ms) {
            return Err(RefusalReason::CouponExpired);
        }
        if self.starts_at_ms.is_some_and(|starts| now_ms < starts) {
            return Err(RefusalReason::CouponNotYetValid);
        }
        let is_for = |product: &ProductId| self.products.is_empty() || self.products.contains(product);
        let is_in_currency = self.currency.is_none_or(|own| own == currency);
        if !is_in_currency || !lines.iter().any(|(product, _)| is_for(product)) {
            return Err(RefusalReason::CouponOtherProducts);
        }
        if lines.iter().map(|(_, minor)| minor).sum::<i64>() < self.minimum_minor {
            return Err(RefusalReason::CouponMinimum);
        }
        let is_used_up = |max: Option<u32>, used: u32| max.is_some_and(|max| used >= max);
        if is_used_up(self.uses_max, uses.all) || is_used_up(self.account_uses_max, uses.account) {
            return Err(RefusalReason::CouponUsedUp);
        }
        let costs = lines
            .iter()
            .map(|(product, minor)| if is_for(product) { *minor } else { 0 });
        Ok(share(self.discount, &costs.collect::<Vec<_>>()))
    }

    /// The least that an order costs, if there is such a rule.
    #[must_use]
    pub fn minimum(&self) -> Option<Money> {
        self.money(self.minimum_minor).filter(|minimum| minimum.minor > 0)
    }

    /// An amount in the coupon's currency.
    #[must_use]
    pub fn money(&self, minor: i64) -> Option<Money> {
        self.currency.map(|currency| Money { minor, currency })
    }
}

impl Discount {
    /// What it takes off `total`, at most all of it.
    fn of(self, total: i128) -> i128 {
        match self {
            Self::Fixed(minor) => total.min(minor.into()),
            Self::Percent(percent) => (total * i128::from(percent) + 99) / 100,
        }
    }
}

/// Shares the discount of the sum of `costs` out over them, each by its part of the sum: of the first so many together
/// it takes their part, rounded down. No share is over its cost, and the shares add up to the discount.
fn share(discount: Discount, costs: &[i64]) -> Vec<i64> {
    let total: i128 = costs.iter().map(|cost| i128::from(*cost)).sum();
    let discount = discount.of(total);
    let (mut before, mut shared) = (0, 0);
    let shares = costs.iter().map(|cost| {
        before += i128::from(*cost);
        let upto = if total == 0 { 0 } else { discount * before / total };
        let share = upto - shared;
        shared = upto;
        // At most the cost, which fits.
        i64::try_from(share).unwrap_or(*cost)
    });
    shares.collect()
}

#[cfg(test)]
mod tests;

//! Coupons as the API and `--json` show them.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Amount, CouponCode, Currency};
use crate::domain::coupon::{Coupon, Discount};
use crate::domain::money::Money;

/// A coupon.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Coupon)]
pub(crate) struct ShownCoupon {
    /// What a buyer names to use it.
    #[schema(value_type = CouponCode)]
    code: String,
    /// The amount that it takes off, a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Amount>)]
    amount: Option<String>,
    /// How many percent it takes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 100)]
    percent: Option<u8>,
    /// The only currency that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Currency>)]
    currency: Option<&'static str>,
    /// The least that an order costs before the discount, a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Amount>)]
    minimum: Option<String>,
    /// The products that it is for; all, where there is none.
    products: Vec<Uuid>,
    /// From when it can be used, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_at: Option<u64>,
    /// From when it can no longer be used, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<u64>,
    /// When it was ended by hand, Unix milliseconds: it cannot be used any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<u64>,
    /// How often it can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    uses_max: Option<u32>,
    /// How often one account can use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    account_uses_max: Option<u32>,
    /// How often it was used.
    uses: u32,
    /// Unix milliseconds.
    created_at: u64,
}

impl ShownCoupon {
    pub(crate) fn new(coupon: &Coupon, uses: u32) -> Self {
        let (amount, percent) = match coupon.discount {
            Discount::Fixed(minor) => (coupon.money(minor), None),
            Discount::Percent(percent) => (None, Some(percent)),
        };
        Self {
            code: coupon.code.to_string(),
            amount: amount.as_ref().map(Money::decimal),
            percent,
            currency: coupon.currency.map(|currency| currency.code()),
            minimum: coupon.minimum().as_ref().map(Money::decimal),
            products: coupon.products.iter().map(|product| product.0).collect(),
            starts_at: coupon.starts_at_ms,
            ends_at: coupon.ends_at_ms,
            ended_at: coupon.ended_at_ms,
            uses_max: coupon.uses_max,
            account_uses_max: coupon.account_uses_max,
            uses,
            created_at: coupon.created_at_ms,
        }
    }
}

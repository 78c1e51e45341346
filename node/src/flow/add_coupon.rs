//! Makes a coupon.

use sqlx::PgPool;

use super::FlowError;
use crate::domain::coupon::{Coupon, CouponCode, Discount, MAX_PRODUCTS, MAX_USES};
use crate::domain::id::ProductId;
use crate::domain::money::{Currency, Money};
use crate::store::coupon::coupon_insert;

/// A coupon as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewCoupon {
    pub code: String,
    /// What it takes off: a decimal string, or so many percent.
    pub amount: Option<String>,
    pub percent: Option<u32>,
    /// Needed for an amount and for a minimum.
    pub currency: Option<Currency>,
    /// The least that an order costs before the discount, a decimal string.
    pub minimum: Option<String>,
    /// All products where this is empty.
    pub products: Vec<ProductId>,
    /// Unix milliseconds.
    pub starts_at_ms: Option<u64>,
    pub ends_at_ms: Option<u64>,
    pub uses_max: Option<u32>,
    pub account_uses_max: Option<u32>,
}

/// Makes the coupon. A coupon never changes; it can be ended.
///
/// # Errors
/// `Invalid` for a field, also where one of the products is not there; `Taken` where a coupon has the code.
pub async fn add_coupon(pool: &PgPool, new: NewCoupon, now_ms: u64) -> Result<Coupon, FlowError> {
    let coupon = coupon(new, now_ms)?;
    coupon_insert(pool, &coupon)
        .await
        .map_err(|error| match error.constraint() {
            Some("coupons_pkey") => FlowError::Taken {
                noun: "coupon",
                field: "code",
                name: coupon.code.to_string(),
            },
            Some("coupon_products_product_id_fkey") => FlowError::Invalid {
                field: "products",
                detail: "one of them is no product of this shop".to_owned(),
            },
            _ => error.into(),
        })?;
    Ok(coupon)
}

fn coupon(new: NewCoupon, now_ms: u64) -> Result<Coupon, FlowError> {
    let code: CouponCode = new.code.parse().map_err(FlowError::invalid("code"))?;
    let discount = discount(&new)?;
    let minimum = new.minimum.as_deref().map(|text| amount("minimum", text, new.currency));
    let minimum_minor = minimum.transpose()?.map_or(0, |minimum| minimum.minor);
    let mut products = new.products;
    products.sort_unstable();
    products.dedup();
    let limit = |field, given: Option<u32>| match given {
        Some(given) if !(1..=MAX_USES).contains(&given) => {
            Err(FlowError::invalid(field)(format!("it must be from 1 to {MAX_USES}")))
        }
        given => Ok(given),
    };
    if products.len() > MAX_PRODUCTS {
        let rule = format!("a coupon names at most {MAX_PRODUCTS} products; without any it is for all");
        return Err(FlowError::invalid("products")(rule));
    }
    if let (Some(starts), Some(ends)) = (new.starts_at_ms, new.ends_at_ms)
        && ends <= starts
    {
        return Err(FlowError::invalid("endsAt")("it must be later than the start"));
    }
    Ok(Coupon {
        id: code.id(),
        code,
        discount,
        currency: new.currency,
        minimum_minor,
        products,
        starts_at_ms: time("startsAt", new.starts_at_ms)?,
        ends_at_ms: time("endsAt", new.ends_at_ms)?,
        ended_at_ms: None,
        uses_max: limit("usesMax", new.uses_max)?,
        account_uses_max: limit("accountUsesMax", new.account_uses_max)?,
        created_at_ms: now_ms,
    })
}

fn discount(new: &NewCoupon) -> Result<Discount, FlowError> {
    match (&new.amount, new.percent) {
        (Some(text), None) => {
            let amount = amount("amount", text, new.currency)?;
            if amount.minor == 0 {
                return Err(FlowError::invalid("amount")("it must be more than nothing"));
            }
            Ok(Discount::Fixed(amount.minor))
        }
        (None, Some(percent)) => {
            let percent = u8::try_from(percent).ok().filter(|percent| (1..=100).contains(percent));
            let percent = percent.ok_or("it must be a whole number from 1 to 100");
            percent.map(Discount::Percent).map_err(FlowError::invalid("percent"))
        }
        _ => Err(FlowError::invalid("amount")(
            "a coupon takes off either an amount or so many percent: give one of them",
        )),
    }
}

fn amount(field: &'static str, text: &str, currency: Option<Currency>) -> Result<Money, FlowError> {
    let currency = currency.ok_or("an amount or a minimum needs one");
    let currency = currency.map_err(FlowError::invalid("currency"))?;
    Money::parse(text, currency).map_err(FlowError::invalid(field))
}

/// A time that the database can hold.
fn time(field: &'static str, at_ms: Option<u64>) -> Result<Option<u64>, FlowError> {
    match at_ms {
        Some(at_ms) if i64::try_from(at_ms).is_err() => Err(FlowError::invalid(field)("it is no time")),
        at_ms => Ok(at_ms),
    }
}

//! Ends a coupon: it cannot be used from then on.

use sqlx::PgPool;

use super::{FlowError, stored_ms};
use crate::domain::coupon::{Coupon, CouponCode};
use crate::store::coupon::{coupon_end, coupon_get};

/// Ends the coupon, and returns it with how often it was used. No order uses it once this has returned; a repeat changes
/// nothing.
///
/// # Errors
/// `Missing` where there is no such coupon.
pub async fn end_coupon(pool: &PgPool, code: &CouponCode, now_ms: u64) -> Result<(Coupon, u32), FlowError> {
    coupon_end(pool, code.id(), stored_ms(now_ms)).await?;
    let found = coupon_get(pool, code.id()).await?;
    found.ok_or_else(|| FlowError::missing("coupon", code))
}

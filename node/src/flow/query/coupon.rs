//! Coupons.

use sqlx::PgPool;

use super::Page;
use crate::domain::coupon::{Coupon, CouponCode};
use crate::store::StoreError;
use crate::store::coupon::coupon_list;

/// Coupons by their codes, each with how often it was used.
///
/// # Errors
/// The database's.
pub async fn list_coupons(
    pool: &PgPool,
    after: Option<&CouponCode>,
    limit: u32,
) -> Result<Page<(Coupon, u32)>, StoreError> {
    Ok(Page::cut(coupon_list(pool, after, limit + 1).await?, limit))
}

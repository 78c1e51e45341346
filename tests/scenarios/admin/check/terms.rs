//! Breaches of what limits and coupons count.

use shelfproof_tests::sample_rows::{ACCOUNT, DELIVERED, PRODUCT, REFUSED};

/// Statements that break a rule, each with the rule.
pub(super) fn breaches() -> Vec<(&'static str, String)> {
    vec![
        ("limited_purchases", purchased(&format!("0, 3, '{DELIVERED}'"))),
        ("limited_purchases", purchased(&format!("0, 2, '{REFUSED}'"))),
        ("coupon_uses", coupon_used(&format!("1, '{DELIVERED}', 5"))),
        ("coupon_uses", coupon_used(&format!("1, '{REFUSED}', 0"))),
        (
            "coupon_uses",
            format!("UPDATE shop.orders SET discount_minor = 1, total_minor = 1979 WHERE id = '{DELIVERED}'"),
        ),
        ("coupon_numbers", coupon_used(&format!("2, '{DELIVERED}', 0"))),
    ]
}

/// A coupon, and a use of it: number, order, discount.
fn coupon_used(columns: &str) -> String {
    format!(
        "INSERT INTO shop.coupons (id, code, percent, minimum_minor, created_at_ms) VALUES ('{PRODUCT}', 'SPRING', 5, 0, 1);
         INSERT INTO shop.coupon_uses (coupon_id, account_id, account_number, number, order_id, discount_minor)
         SELECT id, '{ACCOUNT}', 1, {columns} FROM shop.coupons"
    )
}

/// What an order adds to its account's count of the product's SKU, which has a limit.
fn purchased(columns: &str) -> String {
    format!(
        "INSERT INTO shop.limited_purchases (sku_id, account_id, period, units_before, units_after, order_id)
         SELECT id, '{ACCOUNT}', 0, {columns} FROM shop.skus"
    )
}

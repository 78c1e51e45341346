//! Coupons never change but for their end, and have no more uses than they say.

use shelfproof_tests::sample_rows::{ACCOUNT, DELIVERED, PARTLY_REFUNDED, PRODUCT};

use super::STAYS;

/// Statements that a bug could send, each with a part of the error that refuses it.
pub(super) fn forbidden() -> Vec<(String, &'static str)> {
    let used = |uses: &[(&str, &str)]| {
        let uses = uses
            .iter()
            .map(|(columns, order)| used(columns, order))
            .collect::<Vec<_>>();
        format!("{}; {}", coupon("5, NULL, 'CNY', 0, NULL, NULL, 3, 2"), uses.join("; "))
    };
    let (one, two) = (DELIVERED.to_string(), PARTLY_REFUNDED.to_string());
    let made = coupon("5, NULL, 'CNY', 0, NULL, NULL, NULL, NULL");
    vec![
        // An amount and a percentage, or neither; an amount or a minimum without a currency; an end before the start.
        (coupon("5, 5, 'CNY', 0, NULL, NULL, NULL, NULL"), "coupons_discount"),
        (
            coupon("NULL, NULL, 'CNY', 0, NULL, NULL, NULL, NULL"),
            "coupons_discount",
        ),
        (coupon("5, NULL, NULL, 0, NULL, NULL, NULL, NULL"), "coupons_currency"),
        (coupon("NULL, 5, NULL, 1, NULL, NULL, NULL, NULL"), "coupons_currency"),
        (
            coupon("NULL, 101, NULL, 0, NULL, NULL, NULL, NULL"),
            "coupons_percent_check",
        ),
        (coupon("NULL, 5, NULL, 0, 2, 2, NULL, NULL"), "coupons_period"),
        (
            coupon("NULL, 5, NULL, 0, NULL, NULL, 0, NULL"),
            "coupons_uses_max_check",
        ),
        (format!("{made}; UPDATE shop.coupons SET uses_max = 9"), STAYS),
        (
            format!("{made}; UPDATE shop.coupons SET ended_at_ms = 1, amount_minor = 9"),
            STAYS,
        ),
        (
            format!("{made}; UPDATE shop.coupons SET ended_at_ms = 1; UPDATE shop.coupons SET ended_at_ms = 2"),
            STAYS,
        ),
        // More uses than there are, in all and of one account; one use for two orders; two uses for one order.
        (used(&[("4, 1", &one)]), "it has no use 4 in all"),
        (used(&[("1, 3", &one)]), "none 3 for account"),
        (used(&[("1, 1", &one), ("1, 2", &two)]), "coupon_uses_pkey"),
        (used(&[("1, 1", &one), ("2, 1", &two)]), "coupon_uses_account"),
        (used(&[("1, 1", &one), ("2, 2", &one)]), "coupon_uses_order"),
        (used(&[("1, 1", &PRODUCT.to_string())]), "coupon_uses_order_id_fkey"),
        (used(&[("0, 1", &one)]), "coupon_uses_number_check"),
        (
            format!("{}; UPDATE shop.coupon_uses SET number = 2", used(&[("1, 1", &one)])),
            STAYS,
        ),
    ]
}

/// A coupon: amount, percent, currency, minimum, start, end, uses and those of an account.
fn coupon(columns: &str) -> String {
    format!(
        "INSERT INTO shop.coupons (id, code, amount_minor, percent, currency, minimum_minor, starts_at_ms, ends_at_ms,
                                   uses_max, account_uses_max, created_at_ms)
         SELECT gen_random_uuid(), 'SPRING', {columns}, 1"
    )
}

/// A use of the only coupon: its number in all and of the account, and the order.
fn used(columns: &str, order: &str) -> String {
    format!(
        "INSERT INTO shop.coupon_uses (coupon_id, account_id, discount_minor, number, account_number, order_id)
         SELECT id, '{ACCOUNT}', 0, {columns}, '{order}' FROM shop.coupons"
    )
}

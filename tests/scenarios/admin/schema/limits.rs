//! The counts of what accounts bought stay within their limits, and are chains.

use shelfproof_tests::sample_rows::{ACCOUNT, DELIVERED, PARTLY_REFUNDED, PRODUCT};

use super::STAYS;

/// Statements that a bug could send, each with a part of the error that refuses it.
pub(super) fn forbidden() -> Vec<(String, &'static str)> {
    let limit = |set: &str| format!("UPDATE shop.skus SET {set}");
    let two =
        |first: &str, second: &str| format!("{}; {}", counted(first, DELIVERED), counted(second, PARTLY_REFUNDED));
    let first = counted("0, 0, 1", DELIVERED);
    vec![
        (limit("buyer_max = 3"), "skus_buyer_limit"),
        (limit("order_max = 0"), "skus_order_max_check"),
        (limit("buyer_max = 0, buyer_per = 'day'"), "skus_buyer_max_check"),
        // More than the limit; in a period that the limit does not have; where there is no limit.
        (counted("0, 0, 4", DELIVERED), "are more than account"),
        (counted("1, 0, 1", DELIVERED), "are more than account"),
        (
            first.replace(
                "buyer_max = 3, buyer_per = 'ever'",
                "buyer_max = NULL, buyer_per = NULL",
            ),
            "are more than account",
        ),
        // From the same count twice, from one that there is not, and of nothing.
        (two("0, 0, 1", "0, 0, 2"), "limited_purchases_pkey"),
        (two("0, 0, 1", "0, 2, 3"), "limited_purchases_follow"),
        (counted("0, 1, 2", DELIVERED), "limited_purchases_follow"),
        (counted("0, 0, 0", DELIVERED), "limited_purchases_range"),
        // Of one order twice, and of none.
        (
            format!("{first}; {}", counted("0, 1, 2", DELIVERED)),
            "limited_purchases_order",
        ),
        (counted("0, 0, 1", PRODUCT), "limited_purchases_order_id_fkey"),
        (
            format!("{first}; UPDATE shop.limited_purchases SET units_after = 2"),
            STAYS,
        ),
    ]
}

/// Counts for an order while its account may buy 3 keys: period, units before and after.
fn counted(columns: &str, order: impl std::fmt::Display) -> String {
    format!(
        "UPDATE shop.skus SET buyer_max = 3, buyer_per = 'ever';
         INSERT INTO shop.limited_purchases (sku_id, account_id, period, units_before, units_after, order_id)
         SELECT id, '{ACCOUNT}', {columns}, '{order}' FROM shop.skus"
    )
}

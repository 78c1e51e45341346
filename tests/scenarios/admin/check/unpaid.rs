//! Breaches of orders that are paid after they were placed.

use shelfproof_tests::sample_rows::DELIVERED;

/// Statements that break a rule, each with the rule.
pub(super) fn breaches() -> Vec<(&'static str, String)> {
    vec![
        (
            "transfer_payments",
            "INSERT INTO shop.transfers (kind, cause, from_wallet, to_wallet, amount_minor, state, at_ms)
             VALUES ('payment', '9/1/2', 1, 2, 1, 'posted', 1)"
                .into(),
        ),
        ("transfer_payments", received()),
        ("undelivered_money", received()),
        (
            "transfer_repayments",
            "INSERT INTO shop.transfers (kind, cause, from_wallet, to_wallet, amount_minor, state, at_ms)
             VALUES ('repayment', 'x', 1, 2, 1, 'posted', 1)"
                .into(),
        ),
        (
            "payment_review",
            format!(
                "{}; {}",
                received(),
                received().replace("'t'", "'u'").replace(", 1, 5,", ", 2, 5,")
            ),
        ),
        ("order_paid", unpaid("NULL")),
        ("order_paid", format!("{}; {}", received(), unpaid("7"))),
        ("hold_order", held("'held', NULL")),
        ("hold_order", held("'taken', 101")),
    ]
}

/// A payment of an order that was received, and is not in the books.
fn received() -> String {
    format!(
        "INSERT INTO shop.payments (id, order_id, gateway_id, amount_minor, currency, state, trade_no, created_at_ms,
                                    received_at_ms, batch_id, ask_at_ms)
         VALUES (gen_random_uuid(), '{DELIVERED}', 1, 5, 'CNY', 'received', 't', 1, 1, 1, 1)"
    )
}

/// An order that was placed unpaid, and the batch that delivered it.
fn unpaid(batch: &str) -> String {
    let keys = if batch == "NULL" { "'{}'" } else { "keys" };
    format!("UPDATE shop.orders SET expires_at_ms = 1, delivered_by = {batch}, keys = {keys} WHERE id = '{DELIVERED}'")
}

/// A hold for an order: its state, and the batch that took it.
fn held(columns: &str) -> String {
    format!(
        "INSERT INTO shop.holds (pool_id, first_slot, end_slot, owner_kind, owner_id, owner_line, expires_at_ms, state, batch_id)
         SELECT id, 7, 8, 'order_line', '{DELIVERED}', 1, 1, {columns} FROM shop.pools"
    )
}

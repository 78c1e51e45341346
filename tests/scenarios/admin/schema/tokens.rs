//! Revocations of order tokens: one generation after another, of an order that there is.

use shelfproof_tests::sample_rows::{DELIVERED, REFUSED};

use super::STAYS;

/// Statements that a bug could send, each with a part of the error that refuses it.
pub(super) fn forbidden() -> Vec<(String, &'static str)> {
    let first = revoked(&format!("'{DELIVERED}', 1"));
    let after_first = |set: &str| format!("{first}; UPDATE shop.revoked_order_tokens SET {set}");
    vec![
        (revoked(&format!("'{DELIVERED}', 2")), STAYS),
        (revoked("gen_random_uuid(), 1"), "revoked_order_tokens_order_id_fkey"),
        (after_first("generation = 3"), STAYS),
        (after_first("generation = 1"), STAYS),
        (after_first(&format!("generation = 2, order_id = '{REFUSED}'")), STAYS),
    ]
}

/// A revocation: order and generation.
fn revoked(columns: &str) -> String {
    format!("INSERT INTO shop.revoked_order_tokens (order_id, generation, revoked_at_ms) SELECT {columns}, 1")
}

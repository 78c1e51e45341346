//! `admin check` finds nothing in a healthy shop, and reports exactly the rule that a test broke.

mod terms;
mod unpaid;

use std::collections::BTreeSet;

use shelfproof::domain::history::Fault;
use shelfproof::flow::check::{Progress, check, check_with_progress};
use shelfproof::store::check::{ROWS_MAX, RULES};
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::sample_rows::{DELIVERED, PARTLY_REFUNDED, PRODUCT, REFUSED};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, sample_rows};

/// Statements that break a rule while triggers and foreign keys are off, each with the rule.
fn breaches() -> Vec<(&'static str, String)> {
    [
        sale_breaches(),
        order_breaches(),
        money_breaches(),
        stock_breaches(),
        history_breaches(),
        terms::breaches(),
        unpaid::breaches(),
    ]
    .concat()
}

fn sale_breaches() -> Vec<(&'static str, String)> {
    vec![
        (
            "key_in_two_orders",
            format!(
                "DROP INDEX attest.events_sold_once; {}",
                sold_again("1, 9", &format!("'{PARTLY_REFUNDED}', 3"))
            ),
        ),
        (
            "sold_without_sale",
            "DELETE FROM attest.events WHERE key_no = 2 AND kind = 3".into(),
        ),
        ("sold_without_sale", sold_again("99, 3", &format!("'{DELIVERED}', 3"))),
        (
            "sold_without_sale",
            format!("UPDATE attest.events SET order_id = gen_random_uuid() WHERE order_id = '{DELIVERED}'"),
        ),
        (
            "sold_without_receipt",
            "DELETE FROM attest.sale_batches WHERE id = 101".into(),
        ),
        (
            "sold_without_receipt",
            "UPDATE attest.sale_batches SET signature = NULL WHERE id = 101".into(),
        ),
    ]
}

fn order_breaches() -> Vec<(&'static str, String)> {
    vec![
        (
            "order_quantity",
            format!(
                "UPDATE shop.orders SET lines[1] = {} WHERE id = '{DELIVERED}'",
                line(3, 0)
            ),
        ),
        (
            "order_quantity",
            format!("UPDATE shop.orders SET lines[1].fulfilment = 'pending' WHERE id = '{DELIVERED}'"),
        ),
        (
            "order_quantity",
            format!("UPDATE attest.events SET item = 3 WHERE order_id = '{DELIVERED}' AND item = 2"),
        ),
        (
            "order_quantity",
            format!("DELETE FROM shop.orders WHERE id = '{DELIVERED}'"),
        ),
        (
            "order_keys",
            format!("UPDATE shop.orders SET keys = '{{2, 1}}' WHERE id = '{DELIVERED}'"),
        ),
        (
            "order_keys",
            format!("UPDATE shop.orders SET keys = '{{1}}' WHERE id = '{DELIVERED}'"),
        ),
        ("order_keys", sold_again("5, 3", &format!("'{DELIVERED}', 3"))),
        (
            "order_keys",
            format!("UPDATE attest.events SET item = 1 WHERE order_id = '{DELIVERED}'"),
        ),
        (
            "order_refused",
            format!("UPDATE attest.events SET order_id = '{REFUSED}' WHERE key_no = 1 AND kind = 3"),
        ),
        (
            "order_refused",
            format!("UPDATE shop.orders SET total_minor = 1, subtotal_minor = 1 WHERE id = '{REFUSED}'"),
        ),
        (
            "order_empty",
            format!("UPDATE shop.orders SET state = 'delivered', reason = NULL WHERE id = '{REFUSED}'"),
        ),
        (
            "order_state",
            format!("UPDATE shop.orders SET state = 'delivered' WHERE id = '{PARTLY_REFUNDED}'"),
        ),
        (
            "order_state",
            format!("UPDATE shop.orders SET state = 'refunded' WHERE id = '{PARTLY_REFUNDED}'"),
        ),
        (
            "order_state",
            format!("UPDATE shop.orders SET state = 'refunded' WHERE id = '{DELIVERED}'"),
        ),
        (
            "order_amounts",
            format!("UPDATE shop.orders SET subtotal_minor = 1981, total_minor = 1981 WHERE id = '{DELIVERED}'"),
        ),
        (
            "order_amounts",
            format!(
                "UPDATE shop.orders SET lines[1] = {} WHERE id = '{DELIVERED}'",
                line(2, 1)
            ),
        ),
        (
            "order_batch",
            format!("UPDATE shop.orders SET batch_id = 999 WHERE id = '{REFUSED}'"),
        ),
        (
            "order_batch",
            "UPDATE attest.sale_batches SET at_ms = 2 WHERE id = 103".into(),
        ),
    ]
}

fn money_breaches() -> Vec<(&'static str, String)> {
    vec![
        (
            "wallet_balance",
            "UPDATE shop.ledger_entries SET balance_minor = balance_minor + 1 WHERE kind = 'credit' AND posting_id = 400".into(),
        ),
        (
            "wallet_balance",
            "DELETE FROM shop.ledger_entries WHERE kind = 'revenue' AND posting_id = 400".into(),
        ),
        (
            "wallet_balance",
            "UPDATE shop.transfers SET state = 'pending' WHERE kind = 'top_up'".into(),
        ),
        (
            "transfer_wallets",
            "UPDATE shop.transfers SET to_wallet = 999 WHERE kind = 'refund'".into(),
        ),
        (
            "transfer_wallets",
            "UPDATE shop.wallets SET currency = 'USD' WHERE kind = 'revenue'".into(),
        ),
        (
            "currency_sum",
            "UPDATE shop.ledger_entries SET balance_minor = 1, delta_minor = 1 WHERE kind = 'external'".into(),
        ),
        (
            "transfer_sales",
            "UPDATE shop.transfers SET amount_minor = amount_minor + 1 WHERE kind = 'sale'".into(),
        ),
        (
            "transfer_sales",
            "DELETE FROM shop.transfers WHERE kind = 'sale' AND cause LIKE '101/%'".into(),
        ),
        (
            "transfer_sales",
            format!("UPDATE shop.orders SET state = 'refused', reason = 'out_of_stock' WHERE id = '{DELIVERED}'"),
        ),
        (
            "transfer_refunds",
            "DELETE FROM shop.transfers WHERE kind = 'refund'".into(),
        ),
        (
            "transfer_refunds",
            format!("UPDATE shop.transfers SET cause = '{PARTLY_REFUNDED}/2' WHERE kind = 'refund'"),
        ),
        (
            "transfer_refunds",
            "UPDATE shop.transfers SET amount_minor = 989 WHERE kind = 'refund'".into(),
        ),
    ]
}

fn stock_breaches() -> Vec<(&'static str, String)> {
    vec![
        ("batch_count", "UPDATE shop.batches SET imported = 9".into()),
        (
            "slot_twice",
            "ALTER TABLE shop.keys DROP CONSTRAINT keys_slot; UPDATE shop.keys SET slot = 5 WHERE slot = 7".into(),
        ),
        ("slot_range", "UPDATE shop.keys SET slot = 0 WHERE slot = 1".into()),
        ("slot_range", "UPDATE shop.keys SET slot = 9 WHERE slot = 8".into()),
        (
            "pool_activated",
            "DELETE FROM attest.events WHERE key_no = 1 AND kind = 3".into(),
        ),
        (
            "pool_activated",
            "UPDATE shop.takes SET end_slot = 6 WHERE first_slot = 3".into(),
        ),
        (
            "pool_sold",
            "UPDATE shop.takes SET end_slot = 4 WHERE first_slot = 3".into(),
        ),
        ("pool_holes", "UPDATE shop.pools SET holes = 0".into()),
        ("pool_stock", "UPDATE shop.pools SET holes = 2".into()),
        (
            "take_keys",
            "DELETE FROM attest.events WHERE key_no = 2 AND kind = 3".into(),
        ),
        (
            "take_keys",
            "UPDATE shop.takes SET batch_id = 103 WHERE first_slot = 3".into(),
        ),
        (
            "take_keys",
            "UPDATE shop.takes SET batch_id = 999 WHERE first_slot = 3".into(),
        ),
        (
            "take_keys",
            "UPDATE shop.takes SET end_holes = 1 WHERE first_slot = 3".into(),
        ),
        (
            "take_keys",
            "INSERT INTO shop.takes (pool_id, first_slot, end_slot, first_holes, end_holes)
             SELECT id, 5, 6, 0, 1 FROM shop.pools"
                .into(),
        ),
        ("hold_range", held(5, 6)),
        (
            "hold_range",
            format!("{}; UPDATE shop.holds SET first_slot = 6", taken_by_hold(5, 7)),
        ),
        ("hold_keys", taken_by_hold(5, 7)),
        ("hold_keys", held(1, 2)),
    ]
}

fn history_breaches() -> Vec<(&'static str, String)> {
    let event = "WHERE key_no = 1 AND version = 3";
    vec![
        (
            "event_without_key",
            "INSERT INTO attest.events (key_no, version, before, kind, at_ms, key_id, prev, payload, salt, body)
             SELECT 99, version, before, kind, at_ms, key_id, prev, payload, salt, body
             FROM attest.events WHERE key_no = 1 AND version = 2"
                .into(),
        ),
        (
            "version_gap",
            "DELETE FROM attest.events WHERE key_no = 2 AND version = 2".into(),
        ),
        (
            "event_key",
            format!("UPDATE attest.events SET key_id = sha256('') {event}"),
        ),
        (
            "event_before",
            "UPDATE attest.events SET before = 8 WHERE kind = 4".into(),
        ),
        (
            "illegal_transition",
            format!(
                "ALTER TABLE attest.events DROP CONSTRAINT events_legal, DROP CONSTRAINT events_sale; UPDATE attest.events SET kind = 4 {event}"
            ),
        ),
        ("clock", format!("UPDATE attest.events SET at_ms = 1 {event}")),
        (
            "broken_link",
            format!("UPDATE attest.events SET prev = sha256('') {event}"),
        ),
        (
            "payload",
            format!("UPDATE attest.events SET body = body || ' ' {event}"),
        ),
        ("payload", format!("UPDATE attest.events SET salt = sha256('') {event}")),
        ("key_head", "UPDATE shop.keys SET version = 3 WHERE no = 1".into()),
        ("key_head", "UPDATE shop.keys SET head = sha256('') WHERE no = 1".into()),
        (
            "key_head",
            "UPDATE shop.keys SET head_at_ms = head_at_ms + 1 WHERE no = 1".into(),
        ),
        ("key_head", "UPDATE shop.keys SET state = 7 WHERE no = 1".into()),
        ("key_head", "DELETE FROM attest.events WHERE key_no = 9".into()),
    ]
}

/// A delivered line of an order.
fn line(quantity: i64, discount: i64) -> String {
    let net = quantity * 990 - discount;
    format!("ROW('{PRODUCT}', NULL, {quantity}, 990, {discount}, {net}, 'delivered')")
}

/// A copy of key 1's sale with other values for number and version, and for order and item.
fn sold_again(key: &str, sale: &str) -> String {
    format!(
        "INSERT INTO attest.events
            (key_no, version, order_id, item, before, kind, at_ms, key_id, prev, payload, salt, body, anchor_by_s, xid)
         SELECT {key}, {sale}, before, kind, at_ms, key_id, prev, payload, salt, body, anchor_by_s, xid
         FROM attest.events WHERE key_no = 1 AND kind = 3"
    )
}

/// A hold of the slots from `first` to before `end`, with the takes that belong to it.
fn taken_by_hold(first: i64, end: i64) -> String {
    format!(
        "{}; INSERT INTO shop.takes (pool_id, first_slot, end_slot, first_holes, end_holes, hold_id)
             SELECT pool_id, first_slot, end_slot, 0, 0, id FROM shop.holds",
        held(first, end)
    )
}

/// A hold of the slots from `first` to before `end`, without a change to the pool's cursor.
fn held(first: i64, end: i64) -> String {
    format!(
        "INSERT INTO shop.holds (pool_id, first_slot, end_slot, owner_kind, owner_id, expires_at_ms)
         SELECT id, {first}, {end}, 'claim', sku_id, 1 FROM shop.pools"
    )
}

#[test]
fn a_healthy_shop_passes_and_every_breach_is_found() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    let healthy = postgres.database()?;
    block_on(async {
        let pool = sample_rows::connect(&postgres, &healthy)?;
        sample_rows::fill(&pool).await?;
        let mut steps = Vec::new();
        let findings = check_with_progress(&pool, |step| steps.push(step)).await?;
        assert_eq!(findings, []);
        assert_eq!(steps.last(), Some(&Progress::Keys { done: 10, total: 10 }));
        // PostgreSQL does not copy a database that has connections.
        pool.close().await;

        for (at, (rule, sql)) in breaches().into_iter().enumerate() {
            let database = format!("breach_{at}");
            postgres.psql("postgres", &format!("CREATE DATABASE {database} TEMPLATE {healthy}"))?;
            postgres.psql(&database, &format!("SET session_replication_role = replica; {sql}"))?;
            let pool = sample_rows::connect(&postgres, &database)?;
            let findings = check(&pool).await?;
            pool.close().await;
            let found = findings.iter().find(|finding| finding.check == rule);
            let found = found.ok_or_else(|| format!("{sql}: {rule} was not found, but {findings:#?}"))?;
            assert!(!found.subject.is_empty() && !found.detail.is_empty() && !found.advice.is_empty());
        }
        Ok(())
    })?
}

#[test]
fn every_rule_has_a_breach_above() {
    let named: BTreeSet<_> = breaches().into_iter().map(|(rule, _)| rule).collect();
    let rules = RULES.iter().map(|rule| rule.name);
    let all: BTreeSet<_> = rules.chain(Fault::ALL.map(Fault::name)).collect();
    assert_eq!(named, all);
}

#[test]
fn a_shop_that_is_wrong_everywhere_is_reported_within_bounds() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    let database = postgres.database()?;
    block_on(async {
        let pool = sample_rows::connect(&postgres, &database)?;
        sample_rows::fill(&pool).await?;
        postgres.psql(
            &database,
            "INSERT INTO shop.keys (no, key_id, batch_id, state, version, head, head_at_ms) OVERRIDING SYSTEM VALUE
             SELECT n, sha256(n::text::bytea), batch_id, 4, 1, head, 1 FROM shop.keys, generate_series(11, 5010) n WHERE no = 1",
        )?;
        let findings = check(&pool).await?;
        for rule in ["sold_without_sale", "key_head"] {
            let count = findings.iter().filter(|finding| finding.check == rule).count();
            assert_eq!(count, ROWS_MAX as usize, "{rule}");
        }
        Ok(())
    })?
}

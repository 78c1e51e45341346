//! `admin check` finds nothing in a healthy shop, and every rule's breach where exactly that is broken.

use std::collections::BTreeSet;

use shelfproof::domain::history::Fault;
use shelfproof::flow::check::{Progress, check, check_with_progress};
use shelfproof::store::check::{ROWS_MAX, RULES};
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::sample_rows::{ACCOUNT, DELIVERED, PARTLY_REFUNDED, REFUSED};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, sample_rows};

/// What breaks which rule, written past triggers and foreign keys.
fn breaches() -> Vec<(&'static str, String)> {
    let event = "WHERE key_no = 1 AND version = 3";
    vec![
        (
            "key_in_two_orders",
            format!(
                "ALTER TABLE shop.sales DROP CONSTRAINT sales_pkey; INSERT INTO shop.sales
                 SELECT key_no, '{PARTLY_REFUNDED}', line, anchor_by_s, path, signature FROM shop.sales WHERE key_no = 1"
            ),
        ),
        ("sold_without_sale", "DELETE FROM shop.sales WHERE key_no = 1".into()),
        ("sold_without_sale", format!("INSERT INTO shop.sales SELECT 5, '{DELIVERED}', 1, 1, '', signature FROM shop.sales WHERE key_no = 1")),
        ("sold_without_sale", format!("INSERT INTO shop.sales SELECT 99, '{DELIVERED}', 1, 1, '', signature FROM shop.sales WHERE key_no = 1")),
        ("order_quantity", format!("UPDATE shop.order_lines SET quantity = 3 WHERE order_id = '{DELIVERED}'")),
        ("order_quantity", format!("DELETE FROM shop.orders WHERE id = '{DELIVERED}'")),
        ("order_refused", format!("UPDATE shop.sales SET order_id = '{REFUSED}' WHERE key_no = 1")),
        ("order_refused", format!("UPDATE shop.ledger SET order_id = '{REFUSED}' WHERE order_id = '{DELIVERED}'")),
        (
            "order_empty",
            format!("INSERT INTO shop.orders VALUES (gen_random_uuid(), '{ACCOUNT}', 'delivered', NULL, 0, 'CNY', NULL, 1)"),
        ),
        ("order_state", format!("UPDATE shop.orders SET state = 'delivered' WHERE id = '{PARTLY_REFUNDED}'")),
        ("order_state", format!("UPDATE shop.orders SET state = 'refunded' WHERE id = '{PARTLY_REFUNDED}'")),
        ("order_state", format!("UPDATE shop.orders SET state = 'refunded' WHERE id = '{DELIVERED}'")),
        ("idempotency", format!("INSERT INTO shop.idempotency VALUES ('{ACCOUNT}', 'x', sha256(''), gen_random_uuid())")),
        ("idempotency", "UPDATE shop.idempotency SET account_id = gen_random_uuid()".into()),
        ("wallet_balance", "UPDATE shop.wallets SET balance_minor = balance_minor + 1 WHERE kind = 'credit'".into()),
        ("ledger_wallets", "UPDATE shop.ledger SET to_wallet = 999 WHERE kind = 'refund'".into()),
        ("ledger_wallets", "UPDATE shop.wallets SET currency = 'USD' WHERE kind = 'revenue'".into()),
        ("currency_sum", "UPDATE shop.wallets SET balance_minor = balance_minor + 1 WHERE kind = 'outside'".into()),
        ("ledger_sales", "UPDATE shop.ledger SET amount_minor = amount_minor + 1 WHERE kind = 'sale'".into()),
        ("ledger_sales", format!("DELETE FROM shop.ledger WHERE kind = 'sale' AND order_id = '{DELIVERED}'")),
        ("ledger_refunds", "DELETE FROM shop.ledger WHERE kind = 'refund'".into()),
        ("ledger_refunds", "UPDATE shop.ledger SET key_no = 4 WHERE kind = 'refund'".into()),
        ("batch_count", "UPDATE shop.batches SET imported = 9".into()),
        ("slot_twice", "ALTER TABLE shop.keys DROP CONSTRAINT keys_slot; UPDATE shop.keys SET slot = 5 WHERE slot = 7".into()),
        ("slot_range", "UPDATE shop.keys SET slot = 0 WHERE slot = 1".into()),
        ("slot_range", "UPDATE shop.keys SET slot = 9 WHERE slot = 8".into()),
        ("shelf_activated", "UPDATE shop.pools SET cursor = 6".into()),
        ("shelf_sold", "UPDATE shop.pools SET cursor = 4".into()),
        ("pool_holes", "UPDATE shop.pools SET holes = 0".into()),
        ("pool_stock", "UPDATE shop.pools SET holes = 2".into()),
        ("event_without_key", format!(
            "INSERT INTO attest.events SELECT 99, version, before, kind, at_ms, key_id, prev, payload, salt, body
             FROM attest.events {event}")),
        ("version_gap", "DELETE FROM attest.events WHERE key_no = 2 AND version = 2".into()),
        ("event_key", format!("UPDATE attest.events SET key_id = sha256('') {event}")),
        ("event_before", "UPDATE attest.events SET before = 8 WHERE kind = 4".into()),
        ("illegal_transition", format!("ALTER TABLE attest.events DROP CONSTRAINT events_legal; UPDATE attest.events SET kind = 4 {event}")),
        ("clock", format!("UPDATE attest.events SET at_ms = 1 {event}")),
        ("broken_link", format!("UPDATE attest.events SET prev = sha256('') {event}")),
        ("payload", format!("UPDATE attest.events SET body = body || ' ' {event}")),
        ("payload", format!("UPDATE attest.events SET salt = sha256('') {event}")),
        ("key_head", "UPDATE shop.keys SET version = 2 WHERE no = 1".into()),
        ("key_head", "UPDATE shop.keys SET head = sha256('') WHERE no = 1".into()),
        ("key_head", "UPDATE shop.keys SET head_at_ms = head_at_ms + 1 WHERE no = 1".into()),
        ("key_head", "UPDATE shop.keys SET state = 7 WHERE no = 1".into()),
        ("key_head", "DELETE FROM attest.events WHERE key_no = 9".into()),
    ]
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
        // A database with a connection is no template.
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
             SELECT n, sha256(n::text::bytea), batch_id, 3, 1, head, 1 FROM shop.keys, generate_series(11, 5010) n WHERE no = 1",
        )?;
        let findings = check(&pool).await?;
        for rule in ["sold_without_sale", "key_head"] {
            let count = findings.iter().filter(|finding| finding.check == rule).count();
            assert_eq!(count, ROWS_MAX as usize, "{rule}");
        }
        Ok(())
    })?
}

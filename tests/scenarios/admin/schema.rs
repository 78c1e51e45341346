//! The SQL of the node and the anchor against the real schema: PostgreSQL prepares every statement, migrations can run
//! twice, and constraints refuse invalid rows.

mod chains;
mod coupons;
mod limits;
mod tokens;
mod transitions;

use std::fs;
use std::path::{Path, PathBuf};

use shelfproof::store;
use shelfproof::store::sale::transaction_runs;
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::sample_rows::{DELIVERED, PARTLY_REFUNDED, PRODUCT, REFUSED};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, sample_rows, tools};
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

/// Returns the files below `folder` whose names end with `extension`, with their text.
fn texts(folder: &Path, extension: &str) -> Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(texts(&path, extension)?);
        } else if path.extension().is_some_and(|own| own == extension) {
            let text = fs::read_to_string(&path)?;
            found.push((path, text));
        }
    }
    Ok(found)
}

#[test]
fn every_statement_is_prepared_and_called() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    let database = postgres.database()?;
    let stores = ["node/src/store", "anchor/src/store"].map(|store| tools::root().join(store));
    let (mut modules, mut statements) = (Vec::new(), Vec::new());
    for store in stores {
        modules.extend(texts(&store, "rs")?);
        statements.extend(texts(&store.join("sql"), "sql")?);
    }
    assert!(statements.len() > 60, "{} statements", statements.len());
    block_on(async {
        let pool = sample_rows::connect(&postgres, &database)?;
        store::migrate(&pool).await?;
        let mut connection = pool.acquire().await?;
        for (path, sql) in statements {
            let name = path.file_name().unwrap_or_default().display().to_string();
            let prepared = connection.prepare(AssertSqlSafe(sql).into_sql_str()).await;
            prepared.map_err(|error| format!("{name}: {error}"))?;
            let call = format!("sql/{name}\")");
            assert!(
                modules.iter().any(|(_, text)| text.contains(&call)),
                "{name} is called by nobody"
            );
        }
        Ok(())
    })?
}

#[test]
fn migrations_run_twice_and_two_at_once() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    let database = postgres.database()?;
    block_on(async {
        let pool = sample_rows::connect(&postgres, &database)?;
        assert!(!store::is_migrated(&pool).await?, "an empty database has no schema");
        let (one, other) = tokio::join!(store::migrate(&pool), store::migrate(&pool));
        one?;
        other?;
        assert!(store::is_migrated(&pool).await?);
        store::migrate(&pool).await?;
        assert!(store::is_migrated(&pool).await?);
        Ok(())
    })?
}

#[test]
fn a_newer_programs_database_is_refused() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    block_on(async {
        for (table, sql) in [
            (
                "shop",
                "INSERT INTO shop.migrations SELECT version + 100, description, installed_on, success, checksum, execution_time FROM shop.migrations",
            ),
            (
                "attest",
                "INSERT INTO attest.migrations SELECT version + 100, description, installed_on, success, checksum, execution_time FROM attest.migrations",
            ),
            ("another checksum", "UPDATE shop.migrations SET checksum = sha256('')"),
        ] {
            let database = postgres.database()?;
            let pool = sample_rows::connect(&postgres, &database)?;
            store::migrate(&pool).await?;
            postgres.psql(&database, sql)?;
            assert!(!store::is_migrated(&pool).await?, "{table}");
            assert!(store::migrate(&pool).await.is_err(), "{table}");
        }
        Ok(())
    })?
}

/// The message of the triggers that keep rows unchanged.
const STAYS: &str = "is not allowed";

/// Statements that a bug could send, each with a part of the error that refuses it.
fn forbidden() -> Vec<(String, &'static str)> {
    let mut forbidden = [
        forbidden_sales(),
        forbidden_stock(),
        forbidden_orders(),
        forbidden_transfers(),
        chains::forbidden(),
        limits::forbidden(),
        coupons::forbidden(),
        tokens::forbidden(),
    ]
    .concat();
    let kept = "attest.events attest.merchant shop.transfers attest.sale_batches shop.accounts shop.api_keys shop.products \
                shop.skus shop.pools shop.takes shop.holds shop.batches shop.keys shop.goods shop.refused_lines \
                shop.moved_keys shop.wallets shop.ledger_entries shop.orders shop.limited_purchases \
                shop.revoked_order_tokens shop.coupons shop.coupon_products shop.coupon_uses shop.gateway_accounts \
                shop.payments shop.reviews shop.repayments";
    for table in kept.split(' ') {
        forbidden.push((format!("DELETE FROM {table}"), STAYS));
        forbidden.push((format!("TRUNCATE {table} CASCADE"), STAYS));
    }
    forbidden
}

fn forbidden_sales() -> Vec<(String, &'static str)> {
    vec![
        ("UPDATE attest.events SET body = '{}'".to_owned(), STAYS),
        ("UPDATE attest.sale_batches SET signature = NULL".to_owned(), STAYS),
        // A second sale of one key, claiming to follow an activation; a sale without an order.
        (sold("1, 9, 2, 3", &format!("'{REFUSED}', 1, 1")), "events_sold_once"),
        (event("5, 3, 2, 3"), "events_sale"),
        (sold("5, 3, 2, 6", &format!("'{DELIVERED}', 3, 1")), "events_sale"),
        (sold("5, 3, 2, 3", &format!("'{DELIVERED}', 0, 1")), "events_sale"),
        (sold("5, 3, 2, 3", &format!("'{DELIVERED}', 3, NULL")), "events_sale"),
        // A sale after a withdrawal; a first event with a predecessor; a version twice.
        (event("10, 3, 6, 3"), "events_legal"),
        (event("9, 2, 0, 2"), "events_check"),
        (sold("1, 3, 2, 3", &format!("'{REFUSED}', 1, 1")), "events_pkey"),
    ]
}

fn forbidden_stock() -> Vec<(String, &'static str)> {
    vec![
        ("UPDATE shop.keys SET slot = 5 WHERE slot = 7".to_owned(), "keys_slot"),
        (
            "UPDATE shop.keys SET slot = NULL WHERE slot = 7".to_owned(),
            "keys_check",
        ),
        ("UPDATE shop.keys SET state = 2 WHERE no = 9".to_owned(), "keys_check"),
        // A sale is an event, and nothing else.
        (
            "UPDATE shop.keys SET state = 3 WHERE no = 5".to_owned(),
            "keys_state_check",
        ),
        // A hold with an empty range, overlapping another, without slot 1, or without its order's line.
        (hold("3, 3, 'claim', NULL, 'held'"), "holds_range"),
        (hold("0, 1, 'claim', NULL, 'held'"), "holds_range"),
        (
            format!(
                "{}; {}",
                hold("1, 4, 'claim', NULL, 'held'"),
                hold("3, 5, 'claim', NULL, 'held'")
            ),
            "holds_overlap",
        ),
        (hold("3, 4, 'order_line', NULL, 'held'"), "holds_owner"),
        (hold("3, 4, 'branch', 1, 'held'"), "holds_owner"),
        // A hold that begins at its end, is extended, moves, or ends twice.
        (hold("3, 4, 'claim', NULL, 'taken'"), STAYS),
        (
            format!(
                "{}; UPDATE shop.holds SET expires_at_ms = 2",
                hold("3, 4, 'claim', NULL, 'held'")
            ),
            STAYS,
        ),
        (
            format!(
                "{}; UPDATE shop.holds SET state = 'taken', end_slot = 5",
                hold("3, 4, 'claim', NULL, 'held'")
            ),
            STAYS,
        ),
        (
            format!(
                "{}; UPDATE shop.holds SET state = 'released'; UPDATE shop.holds SET state = 'taken'",
                hold("3, 4, 'claim', NULL, 'held'")
            ),
            STAYS,
        ),
        ("UPDATE shop.batches SET activated = 11".to_owned(), "batches_check"),
        // Goods of a key that was never activated: its batch was not withdrawn, or was, and the key did not move.
        (new_goods(""), "are not to be changed"),
        (
            new_goods("UPDATE shop.batches SET withdrawn_at_ms = 1;"),
            "are not to be changed",
        ),
        (
            "INSERT INTO shop.products SELECT gen_random_uuid(), name, true, 1, 1 FROM shop.products".to_owned(),
            "products_name",
        ),
        (
            "INSERT INTO shop.skus SELECT gen_random_uuid(), product_id, 1, 'CNY', kind, policy FROM shop.skus"
                .to_owned(),
            "skus_product",
        ),
        // Tiers whose quantities do not ascend or begin at 1; whose prices do not fall; with a price too few or none.
        (tiers("{5, 5}", "{3, 2}"), "skus_tiers"),
        (tiers("{1}", "{3}"), "skus_tiers"),
        (tiers("{101}", "{3}"), "skus_tiers"),
        (tiers("{5}", "{990}"), "skus_tiers"),
        (tiers("{5, 6}", "{3, 3}"), "skus_tiers"),
        (tiers("{5, 6}", "{3}"), "skus_tiers"),
        (tiers("{5, 6}", "{3, NULL}"), "skus_tiers"),
        // A second pool of the same owner for one product.
        (
            "INSERT INTO shop.pools (sku_id) SELECT sku_id FROM shop.pools".to_owned(),
            "pools_owner",
        ),
    ]
}

fn forbidden_orders() -> Vec<(String, &'static str)> {
    vec![
        (order("state", "'refused'"), "orders_key_or_reason"),
        // An order changes only by a transition from the version before, and keeps its content.
        (
            format!("UPDATE shop.orders SET state = 'paid', version = 4 WHERE id = '{DELIVERED}'"),
            "is delivered and cannot become paid",
        ),
        (
            format!("UPDATE shop.orders SET state = 'refunded', version = 5 WHERE id = '{DELIVERED}'"),
            "version 5 does not follow 3",
        ),
        (
            "UPDATE shop.orders SET created_at_ms = 2, version = version + 1".to_owned(),
            "may change",
        ),
        (
            "UPDATE shop.orders SET total_minor = 1, subtotal_minor = 1".to_owned(),
            "may change",
        ),
        ("UPDATE shop.orders SET keys = '{5}'".to_owned(), "may change"),
        // A transition neither sets nor moves a deadline.
        (
            format!(
                "UPDATE shop.orders SET expires_at_ms = 1, state = 'refunded', version = 4 WHERE id = '{DELIVERED}'"
            ),
            "may change",
        ),
        // The lines must agree with the state.
        (
            format!(
                "UPDATE shop.orders SET state = 'refunded', version = 4, lines[1].fulfilment = 'pending'
                 WHERE id = '{DELIVERED}'"
            ),
            "lines that are {pending} do not go with the state refunded",
        ),
        (
            format!("UPDATE shop.orders SET lines[1] = ROW('{PRODUCT}', NULL, 1, 990, 0, 990, 'delivered')"),
            "may change",
        ),
        (
            "UPDATE shop.orders SET lines[1].net_minor = 1".to_owned(),
            "order_line_net",
        ),
        (order("account_id", "NULL"), "orders_one_customer"),
        (order("guest", "sha256('')"), "orders_one_customer"),
        (order("total_minor", "1"), "orders_total"),
        (order("state", "'sold'"), "orders_state_check"),
        (order("state", "'awaiting_payment'"), "orders_expiry"),
        (order("lines", "'{}'"), "orders_lines_check"),
        (order("id", &format!("'{REFUSED}'")), "orders_pkey"),
    ]
}

fn forbidden_transfers() -> Vec<(String, &'static str)> {
    vec![
        (
            "UPDATE shop.transfers SET amount_minor = 1".to_owned(),
            "is not to be changed",
        ),
        (
            "UPDATE shop.transfers SET state = 'voided'".to_owned(),
            "is not to be changed",
        ),
        // One cause twice; money from a wallet to itself.
        (transfer(1, 2, "top_up", "bank-1"), "transfers_cause"),
        (transfer(1, 1, "top_up", "x"), "transfers_check"),
        (
            transfer(2, 1, "refund", &format!("{PARTLY_REFUNDED}/1")),
            "transfers_cause",
        ),
    ]
}

/// A copy of a delivered order, with another value in one column.
fn order(column: &str, value: &str) -> String {
    let columns = "id fingerprint account_id guest channel state version lines subtotal_minor discount_minor total_minor currency batch_id \
                   created_at_ms";
    let values = columns.split(' ').map(|own| match own {
        _ if own == column => value.to_owned(),
        "id" => "gen_random_uuid()".to_owned(),
        own => own.to_owned(),
    });
    let (columns, values) = (columns.replace(' ', ", "), values.collect::<Vec<_>>().join(", "));
    format!("INSERT INTO shop.orders ({columns}) SELECT {values} FROM shop.orders WHERE id = '{DELIVERED}'")
}

/// Wholesale tiers of every SKU.
fn tiers(quantities: &str, prices_minor: &str) -> String {
    format!("UPDATE shop.skus SET tier_quantities = '{quantities}', tier_prices_minor = '{prices_minor}'")
}

/// A transfer with that cause.
fn transfer(from: i64, to: i64, kind: &str, cause: &str) -> String {
    format!(
        "INSERT INTO shop.transfers (kind, cause, from_wallet, to_wallet, amount_minor, state, at_ms)
         VALUES ('{kind}', '{cause}', {from}, {to}, 1, 'posted', 1)"
    )
}

/// A sold event: its first four columns, then order, item and deadline.
fn sold(columns: &str, sale: &str) -> String {
    format!(
        "INSERT INTO attest.events (key_no, version, before, kind, order_id, item, anchor_by_s, at_ms, key_id, prev, payload, salt, body)
         SELECT {columns}, {sale}, at_ms, key_id, prev, payload, salt, body FROM attest.events LIMIT 1"
    )
}

/// Goods of the generated key, after that statement, and then other goods of it.
fn new_goods(before: &str) -> String {
    format!(
        "INSERT INTO shop.goods VALUES (9, 1, '', decode(repeat('00', 80), 'hex')); {before}
         UPDATE shop.goods SET sealed = 'other' WHERE key_no = 9"
    )
}

/// A hold: slots, the owner's kind and line, state.
fn hold(columns: &str) -> String {
    format!(
        "INSERT INTO shop.holds (pool_id, owner_id, expires_at_ms, first_slot, end_slot, owner_kind, owner_line, state)
         SELECT id, sku_id, 1, {columns} FROM shop.pools"
    )
}

/// An event with those first four columns.
fn event(columns: &str) -> String {
    format!(
        "INSERT INTO attest.events (key_no, version, before, kind, at_ms, key_id, prev, payload, salt, body)
         SELECT {columns}, at_ms, key_id, prev, payload, salt, body FROM attest.events LIMIT 1"
    )
}

#[test]
fn what_must_not_be_written_is_refused() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    let database = postgres.database()?;
    block_on(async {
        let pool = sample_rows::connect(&postgres, &database)?;
        sample_rows::fill(&pool).await?;
        for (sql, words) in forbidden() {
            let refused = sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&pool).await;
            let error = refused.err().ok_or_else(|| format!("{sql}: was done"))?.to_string();
            assert!(error.contains(words), "{sql}: {error}");
        }
        Ok(())
    })?
}

#[test]
fn a_transaction_runs_until_it_ends_and_a_lost_one_does_not() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    let database = postgres.database()?;
    block_on(async {
        let pool = sample_rows::connect(&postgres, &database)?;
        let mut asking = pool.acquire().await?;
        let mut transaction = pool.begin().await?;
        let name: String = sqlx::query_scalar("SELECT pg_current_xact_id()::text")
            .fetch_one(&mut *transaction)
            .await?;
        assert!(transaction_runs(&mut asking, &name).await?);
        transaction.commit().await?;
        assert!(!transaction_runs(&mut asking, &name).await?);
        // A transaction that the server has not begun yet, as after a crash that lost it.
        assert!(!transaction_runs(&mut asking, "4000000000").await?);
        Ok(())
    })?
}

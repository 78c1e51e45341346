//! The node's and the anchor's SQL against the real schema: every statement is one that PostgreSQL prepares, migrations run as often as one
//! likes, and what must not be written is refused.

use std::fs;
use std::path::{Path, PathBuf};

use shelfproof::store;
use shelfproof::store::sale::transaction_runs;
use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::sample_rows::{DELIVERED, REFUSED};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, sample_rows, tools};
use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

/// The files below `folder` whose names end so, with their text.
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

/// What a bug could try to write, and the words that refuse it.
fn forbidden() -> Vec<(String, &'static str)> {
    let stays = "is not allowed";
    let mut forbidden = vec![
        ("UPDATE attest.events SET body = '{}'".to_owned(), stays),
        ("UPDATE shop.ledger SET amount_minor = 1".to_owned(), stays),
        ("UPDATE shop.sales SET line = line".to_owned(), stays),
        ("UPDATE shop.order_lines SET quantity = 1".to_owned(), stays),
        // A second sale of one key.
        (
            format!("INSERT INTO shop.sales SELECT 1, '{DELIVERED}', 1, 1, '', signature FROM shop.sales WHERE key_no = 1"),
            "sales_pkey",
        ),
        // Sold after it was voided; a first event with something before it; a version twice.
        (event("10, 3, 6, 3"), "events_legal"),
        (event("9, 2, 0, 2"), "events_check"),
        (event("1, 3, 2, 3"), "events_pkey"),
        (
            "UPDATE shop.wallets SET balance_minor = -1 WHERE kind = 'credit'".to_owned(),
            "wallets_credit_covered",
        ),
        ("UPDATE shop.keys SET slot = 5 WHERE slot = 7".to_owned(), "keys_slot"),
        ("UPDATE shop.keys SET slot = NULL WHERE slot = 7".to_owned(), "keys_check"),
        ("UPDATE shop.keys SET state = 2 WHERE no = 9".to_owned(), "keys_check"),
        ("UPDATE shop.pools SET cursor = 9".to_owned(), "pools_check"),
        ("UPDATE shop.batches SET activated = 11".to_owned(), "batches_check"),
        (
            format!("UPDATE shop.orders SET reason = NULL WHERE id = '{REFUSED}'"),
            "orders_key_or_reason",
        ),
        (
            format!("UPDATE shop.orders SET reason = 'out_of_stock' WHERE id = '{DELIVERED}'"),
            "orders_key_or_reason",
        ),
        // One line paid twice; one reference twice; money from a wallet to itself.
        (
            "INSERT INTO shop.ledger (from_wallet, to_wallet, amount_minor, kind, order_id, line, at_ms)
             SELECT from_wallet, to_wallet, 1, kind, order_id, line, at_ms FROM shop.ledger WHERE kind = 'sale'"
                .to_owned(),
            "ledger_once",
        ),
        (
            "INSERT INTO shop.ledger (from_wallet, to_wallet, amount_minor, kind, reference, at_ms) VALUES (1, 2, 1, 'top_up', 'bank-1', 1)"
                .to_owned(),
            "ledger_reference",
        ),
        (
            "INSERT INTO shop.ledger (from_wallet, to_wallet, amount_minor, kind, reference, at_ms) VALUES (1, 1, 1, 'top_up', 'x', 1)"
                .to_owned(),
            "ledger_check",
        ),
        ("INSERT INTO shop.products SELECT gen_random_uuid(), name, 1, 'CNY' FROM shop.products".to_owned(), "violates"),
    ];
    let kept = "attest.events shop.ledger shop.sales shop.order_lines attest.merchant shop.accounts shop.products shop.pools \
                shop.batches shop.keys shop.goods shop.wallets shop.orders shop.idempotency";
    for table in kept.split(' ') {
        forbidden.push((format!("DELETE FROM {table}"), stays));
        forbidden.push((format!("TRUNCATE {table} CASCADE"), stays));
    }
    forbidden
}

/// An event of those four first columns.
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
        // One that the server has not begun yet, as after a crash that lost it.
        assert!(!transaction_runs(&mut asking, "4000000000").await?);
        Ok(())
    })?
}

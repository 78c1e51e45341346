//! The chains of takes and of ledger entries refuse everything that would sell a slot twice, break the sum of a wallet, or
//! change written rows. That an entry belongs to a transfer is for `admin check` to find, not for the schema.

use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, sample_rows};
use sqlx::PgPool;

use super::STAYS;

/// Statements that a bug could send, each with a part of the error that refuses it.
pub(super) fn forbidden() -> Vec<(String, &'static str)> {
    [forbidden_takes(), forbidden_entries()].concat()
}

/// The pool's cursor is 5, its tail 9, and slot 6 a hole.
fn forbidden_takes() -> Vec<(String, &'static str)> {
    vec![
        ("UPDATE shop.takes SET end_slot = 6".to_owned(), STAYS),
        // The same slots again, some of them, from the middle of another take, and after a gap.
        (take("3, 5, 0, 0, 101, NULL"), "takes_pkey"),
        (take("3, 6, 0, 0, 101, NULL"), "takes_pkey"),
        (take("1, 9, 0, 1, 101, NULL"), "takes_pkey"),
        (take("4, 6, 0, 0, 101, NULL"), "takes_follow"),
        (take("6, 8, 0, 0, 101, NULL"), "takes_follow"),
        // No slots, or backwards; more holes than slots, or than the previous take ended with; more than the pool has.
        (take("5, 5, 0, 0, 101, NULL"), "takes_range"),
        (take("5, 3, 0, 0, 101, NULL"), "takes_holes"),
        (take("0, 5, 0, 0, 101, NULL"), "takes_range"),
        (take("5, 7, 0, 3, 101, NULL"), "more than it has"),
        (take("5, 7, 1, 0, 101, NULL"), "takes_holes"),
        (take("5, 7, 1, 1, 101, NULL"), "takes_follow"),
        (take("5, 10, 0, 1, 101, NULL"), "more than it has"),
        (take("5, 9, 0, 0, 101, NULL"), "more than it has"),
        // By nobody, by two takers, and by a hold of other slots.
        (take("5, 7, 0, 1, NULL, NULL"), "takes_taker"),
        (take("5, 6, 0, 1, 101, NULL"), "takes_taker"),
        (
            format!(
                "{}; {}",
                super::hold("5, 7, 'claim', NULL, 'held'"),
                take("5, 6, 0, 0, NULL, (SELECT id FROM shop.holds)")
            ),
            "takes_of_hold",
        ),
        // A pool never loses slots or holes.
        ("UPDATE shop.pools SET tail = tail - 1".to_owned(), STAYS),
        ("UPDATE shop.pools SET holes = 0".to_owned(), STAYS),
        ("UPDATE shop.pools SET holes = 9".to_owned(), "pools_check"),
    ]
}

/// The newest entry of the credit wallet has posting 400 and balance 7030; the one before it has posting 102.
fn forbidden_entries() -> Vec<(String, &'static str)> {
    vec![
        ("UPDATE shop.ledger_entries SET balance_minor = 1".to_owned(), STAYS),
        ("UPDATE shop.wallets SET currency = 'USD'".to_owned(), STAYS),
        // More than the balance; after another balance; a second entry after the same one; out of order; a second first
        // entry; of zero.
        (entry("401, 400, 'credit', -7031, -1"), "entries_credit_covered"),
        (entry("401, 400, 'revenue', -7031, -1"), "entries_wallet"),
        (entry("401, 400, 'credit', 1, 7032"), "entries_follow"),
        (entry("401, 399, 'credit', 1, 7031"), "entries_follow"),
        (entry("401, 102, 'credit', 1, 6041"), "entries_prev"),
        (entry("399, 400, 'credit', 1, 7031"), "entries_order"),
        (entry("401, NULL, 'credit', 1, 1"), "entries_prev"),
        (entry("401, NULL, 'credit', 1, 2"), "entries_first"),
        (entry("401, 400, 'credit', 0, 7030"), "ledger_entries_delta_minor_check"),
    ]
}

/// An entry of the credit wallet: posting, previous posting, kind, change and balance.
fn entry(columns: &str) -> String {
    format!(
        "INSERT INTO shop.ledger_entries (wallet_id, posting_id, prev, kind, delta_minor, balance_minor)
         SELECT id, {columns} FROM shop.wallets WHERE kind = 'credit'"
    )
}

/// A take: slots, holes, batch and hold.
fn take(columns: &str) -> String {
    format!(
        "INSERT INTO shop.takes (pool_id, first_slot, end_slot, first_holes, end_holes, batch_id, hold_id)
         SELECT id, {columns} FROM shop.pools"
    )
}

/// Lets two sessions that hold no lock write at the same time. The second waits for the first, and fails.
async fn write_at_once(pool: &PgPool, first: &str, second: &str) -> Result<String> {
    let (mut one, mut other) = (pool.begin().await?, pool.begin().await?);
    sqlx::raw_sql(sqlx::AssertSqlSafe(first)).execute(&mut *one).await?;
    let other = async { sqlx::raw_sql(sqlx::AssertSqlSafe(second)).execute(&mut *other).await };
    let (refused, committed) = tokio::join!(other, one.commit());
    committed?;
    Ok(refused.err().ok_or("both were written")?.to_string())
}

#[test]
fn of_two_sessions_that_continue_a_chain_at_once_the_second_is_refused() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    let database = postgres.database()?;
    block_on(async {
        let pool = sample_rows::connect(&postgres, &database)?;
        sample_rows::fill(&pool).await?;
        let refused = write_at_once(&pool, &take("5, 6, 0, 0, 101, NULL"), &take("5, 8, 0, 1, 102, NULL")).await?;
        assert!(refused.contains("takes_pkey"), "{refused}");
        let (first, second) = (
            entry("401, 400, 'credit', -7000, 30"),
            entry("402, 400, 'credit', -40, 6990"),
        );
        let refused = write_at_once(&pool, &first, &second).await?;
        assert!(refused.contains("entries_prev"), "{refused}");
        Ok(())
    })?
}

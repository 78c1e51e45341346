//! The chain of takes refuses whatever would hand out a slot twice, leave one out, or be changed later.

use shelfproof_tests::postgres::{Durability, Postgres};
use shelfproof_tests::vector_chain::block_on;
use shelfproof_tests::{Result, sample_rows};
use sqlx::PgPool;

use super::STAYS;

/// What a bug could try to write, and the words that refuse it. The pool's cursor is 5, its tail 9, and slot 6 a hole.
pub(super) fn forbidden() -> Vec<(String, &'static str)> {
    vec![
        ("UPDATE shop.takes SET end_slot = 6".to_owned(), STAYS),
        // The same slots again, some of them, from the middle of another take, and over a gap.
        (take("3, 5, 0, 0, 101, NULL"), "takes_pkey"),
        (take("3, 6, 0, 0, 101, NULL"), "takes_pkey"),
        (take("1, 9, 0, 1, 101, NULL"), "takes_pkey"),
        (take("4, 6, 0, 0, 101, NULL"), "takes_follow"),
        (take("6, 8, 0, 0, 101, NULL"), "takes_follow"),
        // Nothing, or backwards; more holes than slots, or than the take before ended with; more than the pool has.
        (take("5, 5, 0, 0, 101, NULL"), "takes_range"),
        (take("5, 3, 0, 0, 101, NULL"), "takes_holes"),
        (take("0, 5, 0, 0, 101, NULL"), "takes_range"),
        (take("5, 7, 0, 3, 101, NULL"), "more than it has"),
        (take("5, 7, 1, 0, 101, NULL"), "takes_holes"),
        (take("5, 7, 1, 1, 101, NULL"), "takes_follow"),
        (take("5, 10, 0, 1, 101, NULL"), "more than it has"),
        (take("5, 9, 0, 0, 101, NULL"), "more than it has"),
        // By nobody, by two, by a batch that is not there, and by a hold of other slots.
        (take("5, 7, 0, 1, NULL, NULL"), "takes_taker"),
        (take("5, 6, 0, 1, 101, NULL"), "takes_taker"),
        (take("5, 6, 0, 0, 99, NULL"), "takes_batch_id_fkey"),
        (
            format!(
                "{}; {}",
                super::hold("5, 7, 'claim', NULL, 'held'"),
                take("5, 6, 0, 0, NULL, (SELECT id FROM shop.holds)")
            ),
            "takes_of_hold",
        ),
        // A pool does not lose slots or holes.
        ("UPDATE shop.pools SET tail = tail - 1".to_owned(), STAYS),
        ("UPDATE shop.pools SET holes = 0".to_owned(), STAYS),
        ("UPDATE shop.pools SET holes = 9".to_owned(), "pools_check"),
    ]
}

/// A take of those columns: slots, holes, batch and hold.
fn take(columns: &str) -> String {
    format!(
        "INSERT INTO shop.takes (pool_id, first_slot, end_slot, first_holes, end_holes, batch_id, hold_id)
         SELECT id, {columns} FROM shop.pools"
    )
}

/// Lets two sessions write at once, neither of which locked anything before: the second waits for the first, and fails.
async fn write_at_once(pool: &PgPool, first: &str, second: &str) -> Result<String> {
    let (mut one, mut other) = (pool.begin().await?, pool.begin().await?);
    sqlx::raw_sql(sqlx::AssertSqlSafe(first)).execute(&mut *one).await?;
    let other = async { sqlx::raw_sql(sqlx::AssertSqlSafe(second)).execute(&mut *other).await };
    let (refused, committed) = tokio::join!(other, one.commit());
    committed?;
    Ok(refused.err().ok_or("both were written")?.to_string())
}

#[test]
fn of_two_sessions_that_take_the_same_slots_the_second_is_refused() -> Result<()> {
    let postgres = Postgres::start(Durability::None)?;
    let database = postgres.database()?;
    block_on(async {
        let pool = sample_rows::connect(&postgres, &database)?;
        sample_rows::fill(&pool).await?;
        let refused = write_at_once(&pool, &take("5, 6, 0, 0, 101, NULL"), &take("5, 8, 0, 1, 102, NULL")).await?;
        assert!(refused.contains("takes_pkey"), "{refused}");
        Ok(())
    })?
}

//! One anchor at a time, by an advisory lock of the database that everything about an epoch is written over.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgConnection};

/// The lock's number, the same in every database: `anchor` in ASCII.
const ANCHOR_LOCK: i64 = 0x616e_6368_6f72;

/// Opens the session of an anchor. Not through a pooler that hands one session to many: the lock is the session's.
///
/// # Errors
/// Where the database cannot be reached.
pub async fn session_open(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    sqlx::query(include_str!("sql/session_anchor.sql"))
        .execute(&mut connection)
        .await?;
    Ok(connection)
}

/// Takes the lock for this session, if nobody has it. It goes with the session, whatever ends that.
///
/// # Errors
/// Where the database fails.
pub async fn lock_try(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(include_str!("sql/lock_try.sql"))
        .bind(ANCHOR_LOCK)
        .fetch_one(connection)
        .await
}

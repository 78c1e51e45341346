//! How connections are set.

use std::time::Duration;

use sqlx::PgConnection;

use super::StoreError;

/// Sets a connection that sells: plans made once, statements and locks that give up, commits that reach the disk. It waits
/// `lock_wait` for a lock.
///
/// # Errors
/// Where the database fails.
pub async fn session_prepare(connection: &mut PgConnection, lock_wait: Duration) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/session_prepare.sql"))
        .bind(format!("{}ms", lock_wait.as_millis()))
        .execute(connection)
        .await?;
    Ok(())
}

/// Sets a connection of the pool: bounds, and commits that reach the disk. A statement may run for `statement_bound`.
///
/// # Errors
/// Where the database fails.
pub async fn session_bound(connection: &mut PgConnection, statement_bound: Duration) -> Result<(), sqlx::Error> {
    sqlx::query(include_str!("sql/session_bound.sql"))
        .bind(format!("{}ms", statement_bound.as_millis()))
        .execute(connection)
        .await?;
    Ok(())
}

//! How connections are set.

use sqlx::PgConnection;

use super::StoreError;

/// Sets a connection that sells: plans made once, statements and locks that give up, commits that reach the disk.
///
/// # Errors
/// Where the database fails.
pub async fn session_prepare(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/session_prepare.sql"))
        .execute(connection)
        .await?;
    Ok(())
}

/// Sets a connection of the pool: bounds, and commits that reach the disk.
///
/// # Errors
/// Where the database fails.
pub async fn session_bound(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(include_str!("sql/session_bound.sql"))
        .execute(connection)
        .await?;
    Ok(())
}

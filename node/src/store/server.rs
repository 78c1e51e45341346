//! What kind of database server this is.

use sqlx::{FromRow, PgConnection, PgPool};

use super::StoreError;

/// What a shop depends on.
#[derive(Clone, Debug, FromRow, PartialEq, Eq)]
pub struct Server {
    /// As `server_version_num`: 150004.
    pub version: i32,
    /// The database's encoding: UTF8.
    pub encoding: String,
    /// Whether a crash of the machine can lose what was answered.
    pub is_durable: bool,
    /// Its clock, Unix milliseconds.
    pub clock_ms: i64,
}

/// Asks the server.
///
/// # Errors
/// Where the database fails.
pub async fn server_get(pool: &PgPool) -> Result<Server, StoreError> {
    Ok(sqlx::query_as(include_str!("sql/server_get.sql"))
        .fetch_one(pool)
        .await?)
}

/// The first of the settings by which a crash can lose what was answered, and that is off; none where all hold.
///
/// # Errors
/// Where the database fails.
pub async fn server_volatile(pool: &PgPool) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar(include_str!("sql/server_volatile.sql"))
        .fetch_optional(pool)
        .await?)
}

/// The server's clock now, Unix milliseconds.
///
/// # Errors
/// Where the database fails.
pub async fn clock_get(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let clock_ms: i64 = sqlx::query_scalar(include_str!("sql/clock_get.sql"))
        .fetch_one(connection)
        .await?;
    Ok(u64::try_from(clock_ms).unwrap_or_default())
}

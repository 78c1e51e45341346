//! The database gets this program's schema.

use sqlx::PgPool;

use crate::store::{self, StoreError};

/// Brings the database to this program's schema; `false` where it had it before. Two at once wait for each other; a
/// crash leaves whole steps.
///
/// # Errors
/// Where a step fails, or the database is a newer program's.
pub async fn migrate_schema(pool: &PgPool) -> Result<bool, StoreError> {
    let had_schema = store::is_migrated(pool).await?;
    store::migrate(pool).await?;
    Ok(!had_schema)
}

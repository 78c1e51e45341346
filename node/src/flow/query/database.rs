//! The database's server and schema.

use sqlx::PgPool;

use crate::store::StoreError;
use crate::store::server::server_get;

pub use crate::store::is_migrated as has_schema;
pub use crate::store::server::server_volatile as find_volatile_setting;

/// The server's clock now, Unix milliseconds.
///
/// # Errors
/// The database's.
pub async fn read_clock(pool: &PgPool) -> Result<u64, StoreError> {
    let server = server_get(pool).await?;
    Ok(u64::try_from(server.clock_ms).unwrap_or_default())
}

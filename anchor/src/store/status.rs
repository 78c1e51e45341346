//! What the anchor that works last said of itself.

use alloy_primitives::Address;
use sqlx::PgConnection;

use super::StoreError;
use crate::status::Status;

/// What an anchor said, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorStatus {
    /// The address that signs.
    pub signer: Address,
    /// How it stands.
    pub status: Status,
    /// When it said so, Unix milliseconds.
    pub at_ms: u64,
}

/// Says how the anchor stands, in place of what was said before.
///
/// # Errors
/// Where the database fails.
pub async fn anchor_status_set(connection: &mut PgConnection, told: &AnchorStatus) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/anchor_status_set.sql"))
        .bind(told.signer.as_slice())
        .bind(serde_json::to_string(&told.status).unwrap_or_default())
        .bind(told.at_ms.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

/// What the anchor last said; `None` where none ever worked on this database.
///
/// # Errors
/// Where the database fails, or another version of this program said it.
pub async fn anchor_status_get(connection: &mut PgConnection) -> Result<Option<AnchorStatus>, StoreError> {
    let row: Option<(Vec<u8>, String, i64)> = sqlx::query_as(include_str!("sql/anchor_status_get.sql"))
        .fetch_optional(connection)
        .await?;
    let read = |(signer, status, at_ms): (Vec<u8>, String, i64)| {
        Some(AnchorStatus {
            signer: Address::try_from(&*signer).ok()?,
            status: serde_json::from_str(&status).ok()?,
            at_ms: at_ms.cast_unsigned(),
        })
    };
    let damaged = StoreError::Inconsistent {
        table: "anchor",
        number: 0,
    };
    row.map(|row| read(row).ok_or(damaged)).transpose()
}

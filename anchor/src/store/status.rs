//! The table `anchor`: the status that the working anchor last stored.

use alloy_primitives::Address;
use sqlx::PgConnection;

use super::StoreError;
use crate::status::Status;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorStatus {
    /// The address that signs.
    pub signer: Address,
    pub status: Status,
    /// When it was stored, Unix milliseconds.
    pub at_ms: u64,
}

/// Replaces the stored status.
///
/// # Errors
/// If the database fails.
pub async fn anchor_status_set(connection: &mut PgConnection, status: &AnchorStatus) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/anchor_status_set.sql"))
        .bind(status.signer.as_slice())
        .bind(serde_json::to_string(&status.status).unwrap_or_default())
        .bind(status.at_ms.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

/// The stored status; `None` where no anchor ever worked on this database.
///
/// # Errors
/// If the database fails, or another version of this program stored it.
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

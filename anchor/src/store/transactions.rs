//! The table of signed transactions: stored before they are sent.

use alloy_primitives::{Address, B256, Bytes};
use sqlx::{FromRow, PgConnection};

use super::StoreError;

/// A signed transaction that brings an epoch onto the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Which try this is, from 1.
    pub attempt: u32,
    /// Who signed.
    pub sender: Address,
    /// Its place among the sender's transactions.
    pub nonce: u64,
    /// Its hash, by which the chain finds it.
    pub hash: B256,
    /// Itself, as it is sent.
    pub raw: Bytes,
    /// When it was signed, Unix milliseconds.
    pub signed_at_ms: u64,
}

#[derive(FromRow)]
struct Row {
    attempt: i32,
    sender: Vec<u8>,
    nonce: i64,
    hash: Vec<u8>,
    raw: Vec<u8>,
    signed_at_ms: i64,
}

/// Stores a signed transaction of that epoch.
///
/// # Errors
/// Where the database fails, or that attempt is there already.
pub async fn transaction_insert(connection: &mut PgConnection, number: u64, signed: &Signed) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/transaction_insert.sql"))
        .bind(number.cast_signed())
        .bind(signed.attempt.cast_signed())
        .bind(signed.sender.as_slice())
        .bind(signed.nonce.cast_signed())
        .bind(signed.hash.as_slice())
        .bind(signed.raw.as_ref())
        .bind(signed.signed_at_ms.cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}

/// The newest attempt of that epoch.
///
/// # Errors
/// Where the database fails, or the row is damaged.
pub async fn transaction_last(connection: &mut PgConnection, number: u64) -> Result<Option<Signed>, StoreError> {
    let row: Option<Row> = sqlx::query_as(include_str!("sql/transaction_last.sql"))
        .bind(number.cast_signed())
        .fetch_optional(connection)
        .await?;
    let damaged = StoreError::Inconsistent {
        table: "transactions",
        number,
    };
    row.map(|row| row.into_signed().ok_or(damaged)).transpose()
}

impl Row {
    fn into_signed(self) -> Option<Signed> {
        Some(Signed {
            attempt: self.attempt.cast_unsigned(),
            sender: Address::try_from(&*self.sender).ok()?,
            nonce: self.nonce.cast_unsigned(),
            hash: B256::try_from(&*self.hash).ok()?,
            raw: self.raw.into(),
            signed_at_ms: self.signed_at_ms.cast_unsigned(),
        })
    }
}

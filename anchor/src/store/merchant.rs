//! The table `merchant`: the one merchant that this database belongs to.

use alloy_primitives::{Address, B256};
use shelfproof_verifier::chain::Identity;
use sqlx::{FromRow, PgExecutor, PgPool};

use super::StoreError;

/// A merchant with its VRF key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merchant {
    pub identity: Identity,
    pub vrf_public_key: B256,
}

/// Binds the database to the merchant where it has none yet. Returns whether it is this merchant's.
///
/// # Errors
/// If the database fails.
pub async fn merchant_bind(pool: &PgPool, merchant: &Merchant) -> Result<bool, StoreError> {
    sqlx::query(include_str!("sql/merchant_insert.sql"))
        .bind(merchant.identity.chain_id.cast_signed())
        .bind(merchant.identity.registry.as_slice())
        .bind(merchant.identity.merchant_id.as_slice())
        .bind(merchant.vrf_public_key.as_slice())
        .execute(pool)
        .await?;
    Ok(merchant_get(pool).await? == Some(*merchant))
}

/// The merchant of the database; `None` where no shop was ever opened on it.
///
/// # Errors
/// If the database fails, or the row is damaged.
pub async fn merchant_get(database: impl PgExecutor<'_>) -> Result<Option<Merchant>, StoreError> {
    let row: Option<Row> = sqlx::query_as(include_str!("sql/merchant_get.sql"))
        .fetch_optional(database)
        .await?;
    let damaged = StoreError::Inconsistent {
        table: "merchant",
        number: 0,
    };
    row.map(|row| row.into_merchant().ok_or(damaged)).transpose()
}

#[derive(FromRow)]
struct Row {
    chain_id: i64,
    registry: Vec<u8>,
    merchant_id: Vec<u8>,
    vrf_public_key: Vec<u8>,
}

impl Row {
    fn into_merchant(self) -> Option<Merchant> {
        Some(Merchant {
            identity: Identity {
                chain_id: self.chain_id.cast_unsigned(),
                registry: Address::try_from(&*self.registry).ok()?,
                merchant_id: B256::try_from(&*self.merchant_id).ok()?,
            },
            vrf_public_key: B256::try_from(&*self.vrf_public_key).ok()?,
        })
    }
}

//! Who this database's shop signs for.

use shelfproof_verifier::B256;
use shelfproof_verifier::chain::Identity;
use sqlx::PgPool;

use super::StoreError;

/// Writes the merchant at a database's first use; answers whether the database is that merchant's.
///
/// # Errors
/// Where the database fails.
pub async fn merchant_bind(pool: &PgPool, identity: &Identity, vrf_public_key: &B256) -> Result<bool, StoreError> {
    let chain_id = identity.chain_id.cast_signed();
    sqlx::query(include_str!("sql/merchant_insert.sql"))
        .bind(chain_id)
        .bind(identity.registry.as_slice())
        .bind(identity.merchant_id.as_slice())
        .bind(vrf_public_key.as_slice())
        .execute(pool)
        .await?;
    let is_ours = sqlx::query_scalar(include_str!("sql/merchant_is.sql"))
        .bind(chain_id)
        .bind(identity.registry.as_slice())
        .bind(identity.merchant_id.as_slice())
        .bind(vrf_public_key.as_slice())
        .fetch_one(pool)
        .await?;
    Ok(is_ours)
}

/// Whether the database is bound to another merchant than this one; one that was never used is bound to none.
///
/// # Errors
/// Where the database fails.
pub async fn merchant_is_other(pool: &PgPool, identity: &Identity) -> Result<bool, StoreError> {
    let is_other = sqlx::query_scalar(include_str!("sql/merchant_is_other.sql"))
        .bind(identity.chain_id.cast_signed())
        .bind(identity.registry.as_slice())
        .bind(identity.merchant_id.as_slice())
        .fetch_one(pool)
        .await?;
    Ok(is_other)
}

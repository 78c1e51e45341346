//! Keeps what a guest finds an order again with.

use alloy_primitives::B256;
use sqlx::PgPool;

use crate::domain::id::OrderId;
use crate::store::StoreError;
use crate::store::guest_lookup::guest_lookup_insert;

/// Keeps that the hash of a contact and password opens the order. A repeat changes nothing.
///
/// # Errors
/// The database's.
pub async fn remember_guest(pool: &PgPool, order: OrderId, lookup: B256) -> Result<(), StoreError> {
    guest_lookup_insert(pool, order, lookup).await
}

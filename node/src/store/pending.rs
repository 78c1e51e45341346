//! How much waits for payment.

use alloy_primitives::B256;
use sqlx::PgConnection;

use super::StoreError;
use super::column::{bytes, whole};
use crate::domain::sale::Pending;

/// Counts the unpaid orders of guests and from addresses, and the held keys of pools. Those of the pools are exact, since
/// they are locked; another batch may place an order of the same guest meanwhile.
///
/// # Errors
/// The database's.
pub async fn pending_count(
    connection: &mut PgConnection,
    guests: &[B256],
    addresses: &[B256],
    pools: &[i32],
) -> Result<Pending, StoreError> {
    let hashes = |hashes: &[B256]| hashes.iter().map(|hash| hash.0).collect::<Vec<_>>();
    let rows: Vec<(bool, Vec<u8>, i64, i64)> = sqlx::query_as(include_str!("sql/pending_orders.sql"))
        .bind(hashes(guests))
        .bind(hashes(addresses))
        .fetch_all(&mut *connection)
        .await?;
    let mut pending = Pending::default();
    for (is_guest, scope, count, keys) in rows {
        let scope = B256::from(bytes("orders", "guest", &scope, &"-")?);
        let counts = if is_guest {
            &mut pending.by_guest
        } else {
            pending.held_by_address.insert(scope, keys);
            &mut pending.by_address
        };
        counts.insert(scope, whole("orders", "guest", count, &scope)?);
    }
    let held: Vec<(i32, i64)> = sqlx::query_as(include_str!("sql/pending_holds.sql"))
        .bind(pools)
        .fetch_all(connection)
        .await?;
    pending.held = held.into_iter().collect();
    Ok(pending)
}

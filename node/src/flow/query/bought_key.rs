//! The keys of an order as their proofs need them.

use alloy_primitives::B256;
use shelfproof_anchor::store::events::{StoredEvent, event_of_keys};
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::receipt::Receipt;
use sqlx::PgPool;

use super::order::LookUpError;
use crate::domain::id::OrderId;
use crate::journal::{Journal, cover};
use crate::store::StoreError;
use crate::store::item::order_items;

/// A key of an order, with all that this side of its proof is made of.
#[derive(Clone, Debug)]
pub struct BoughtKey {
    /// Its number in the order, from 1.
    pub item: u32,
    /// The promise that was handed out with it.
    pub receipt: Receipt,
    /// All of its events, by version. Those before the sale are the supplier's, and stay closed.
    pub(in crate::flow) events: Vec<StoredEvent>,
}

impl BoughtKey {
    /// The key.
    #[must_use]
    pub const fn key_id(&self) -> B256 {
        self.receipt.promise.event.key_id
    }
}

/// The keys of an order, by their numbers.
///
/// # Errors
/// Where the database fails, or holds what this program never writes, or nobody may be told of the sale yet.
pub async fn list_bought_keys(
    pool: &PgPool,
    identity: &Identity,
    journal: Option<&Journal>,
    order: OrderId,
) -> Result<Vec<BoughtKey>, LookUpError> {
    let mut connection = pool.acquire().await.map_err(StoreError::from)?;
    let sold = order_items(&mut connection, order).await?;
    let numbers: Vec<i64> = sold.iter().map(|sold| sold.head.key_no).collect();
    let mut events = event_of_keys(&mut connection, &numbers).await?;
    drop(connection);
    cover(journal, &sold).await?;
    let bought = sold.into_iter().map(|sold| {
        let of_key = |stored: &mut StoredEvent| stored.key_no == sold.head.key_no;
        BoughtKey {
            item: sold.item,
            receipt: sold.receipt(identity),
            events: events.extract_if(.., of_key).collect(),
        }
    });
    Ok(bought.collect())
}

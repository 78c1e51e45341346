//! The proof of what an order's holder bought: the public history of each key, with what opens the sale.

use std::sync::Arc;

use alloy_primitives::B256;
use serde_json::value::RawValue;
use shelfproof_anchor::history::Proven;
use shelfproof_anchor::status::Status;
use shelfproof_anchor::store::events::{StoredEvent, event_of_keys};
use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::chain::Identity;
use shelfproof_verifier::event::Kind;
use shelfproof_verifier::receipt::Receipt;
use sqlx::PgPool;

mod prover;
#[cfg(test)]
mod tests;

pub use prover::{Prover, ProverError};

use super::look_up::LookUpError;
use crate::domain::id::OrderId;
use crate::store::StoreError;
use crate::store::item::order_items;

/// How long until an epoch is cut, where the prover does not say.
const CUT_S: u64 = 60;

/// How long from there until it is final.
const FINAL_S: u64 = 60;

/// A key of an order, with all that this side of its proof is made of.
#[derive(Clone, Debug)]
pub struct BoughtKey {
    /// Its number in the order, from 1.
    pub item: u32,
    /// The promise that was handed out with it.
    pub receipt: Receipt,
    /// All of its events, by version. Those before the sale are the supplier's, and stay closed.
    events: Vec<StoredEvent>,
}

/// What there is of a key's proof.
#[derive(Clone, Debug)]
pub enum Proof {
    /// The whole file `shelfproof-proof-v1`.
    Proved(Arc<RawValue>),
    /// The sale is in no final epoch yet.
    Waiting(Wait),
}

/// When an epoch that is not cut yet will be final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// In about so many seconds.
    pub seconds: u64,
    /// Whether anchoring goes on; else somebody must mend something first.
    pub is_well: bool,
}

impl BoughtKey {
    /// The key.
    #[must_use]
    pub const fn key_id(&self) -> B256 {
        self.receipt.promise.event.key_id
    }
}

impl Wait {
    fn of(status: &Status) -> Self {
        let cut = status.next_cut_in_s.unwrap_or(CUT_S);
        Self {
            seconds: cut.saturating_add(status.cut_to_final_s.unwrap_or(FINAL_S)).max(1),
            is_well: status.condition.is_well(),
        }
    }
}

/// The keys of an order, by their numbers.
///
/// # Errors
/// Where the database fails, or holds what this program never writes.
pub async fn bought_keys(pool: &PgPool, identity: &Identity, order: OrderId) -> Result<Vec<BoughtKey>, LookUpError> {
    let mut connection = pool.acquire().await.map_err(StoreError::from)?;
    let sold = order_items(&mut connection, order).await?;
    let numbers: Vec<i64> = sold.iter().map(|sold| sold.head.key_no).collect();
    let mut events = event_of_keys(&mut connection, &numbers).await?;
    drop(connection);
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

/// What there is of each key's proof, in the order of `keys`.
///
/// # Errors
/// Where the prover does not answer, or tells another history than the database.
pub async fn prove(prover: &Prover, keys: &[BoughtKey]) -> Result<Vec<Proof>, ProverError> {
    let status = prover.status().await?;
    let mut proofs = Vec::with_capacity(keys.len());
    for key in keys {
        let known = prover.known(key.key_id(), status.final_epoch).await;
        let proved = match known {
            Some(known) => Some(known),
            None if status.final_epoch == 0 => None,
            None => prove_one(prover, key).await?,
        };
        proofs.push(proved.map_or_else(|| Proof::Waiting(Wait::of(&status)), Proof::Proved));
    }
    Ok(proofs)
}

async fn prove_one(prover: &Prover, key: &BoughtKey) -> Result<Option<Arc<RawValue>>, ProverError> {
    let (identity, proven) = prover.history(&key.key_id()).await?;
    if identity != key.receipt.identity {
        return Err(ProverError::OtherMerchant);
    }
    let epoch = proven.history.epoch;
    let Some(bundle) = bundle(key, proven)? else {
        return Ok(None);
    };
    let file: Arc<RawValue> = RawValue::from_string(bundle.to_json())
        .map_err(ProverError::Json)?
        .into();
    prover.keep(key.key_id(), epoch, Arc::clone(&file)).await;
    Ok(Some(file))
}

/// The bundle out of the key's public history, which must begin as the database says; nothing where that ends before the
/// sale.
fn bundle(key: &BoughtKey, proven: Proven) -> Result<Option<Bundle>, ProverError> {
    let mut events = proven.events;
    let ours = key.events.iter().map(|stored| stored.event);
    let is_ours =
        events.len() <= key.events.len() && events.iter().map(|event| event.event).eq(ours.take(events.len()));
    if proven.key_id != key.key_id() || !is_ours {
        return Err(ProverError::Differs(key.key_id()));
    }
    let Some(sale) = events.iter().position(|included| included.event.kind == Kind::Sold) else {
        return Ok(None);
    };
    for (included, stored) in events.iter_mut().zip(&key.events).skip(sale) {
        included.opening = Some(stored.opening.clone());
    }
    Ok(Some(Bundle {
        identity: key.receipt.identity,
        key_id: proven.key_id,
        vrf_proof: key.receipt.vrf_proof,
        events,
        history: proven.history,
        epochs: proven.epochs,
        receipts: vec![key.receipt.promise.clone()],
    }))
}

//! Proofs of sales: the public history of each key, with the openings of the sale and of what followed.
//!
//! The public history comes from a prover over HTTP; the database adds what only the order's holder may see.

use std::sync::Arc;

use serde_json::value::RawValue;
use shelfproof_anchor::history::Proven;
use shelfproof_anchor::status::Status;
use shelfproof_verifier::bundle::Bundle;
use shelfproof_verifier::event::Kind;

mod prover;
#[cfg(test)]
mod tests;

pub use prover::{Prover, ProverError};

use super::query::bought_key::BoughtKey;

/// Seconds until the next epoch is cut, where the prover's status does not say.
const CUT_S: u64 = 60;

/// Seconds from there until it is final, where the prover's status does not say.
const FINAL_S: u64 = 60;

/// A key's proof, or when there will be one.
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
    /// Approximate time until then, seconds.
    pub seconds: u64,
    /// Whether the anchor works; else the operator must repair something first.
    pub is_well: bool,
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

/// The proof of each key, in the order of `keys`.
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

/// The bundle made from the key's public history, which must be what the database holds of the same versions; `None`
/// where it ends before the sale. Of a long history the prover hands out the newest events, which have the sale and all
/// after it; anybody gets the older ones from a prover, and joins them.
fn bundle(key: &BoughtKey, proven: Proven) -> Result<Option<Bundle>, ProverError> {
    let mut events = proven.events;
    let older = events.first().map_or(0, |first| first.event.version.saturating_sub(1));
    let ours = key.events.iter().skip(usize::try_from(older).unwrap_or(usize::MAX));
    let is_ours = events
        .iter()
        .map(|event| event.event)
        .eq(ours.clone().take(events.len()).map(|stored| stored.event));
    if proven.key_id != key.key_id() || !is_ours {
        return Err(ProverError::Differs(key.key_id()));
    }
    let Some(sale) = events.iter().position(|included| included.event.kind == Kind::Sold) else {
        return Ok(None);
    };
    for (included, stored) in events.iter_mut().zip(ours).skip(sale) {
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

//! Proofs of a key's history.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use shelfproof_verifier::B256;
use shelfproof_verifier::json::hex_bytes;
use tokio::task::spawn_blocking;

use super::Prover;
use super::problem::Problem;
use crate::history::HistoryError;

/// The event before which a part ends: both fields of the first event of the part after it, or neither.
#[derive(Deserialize)]
pub(super) struct Before {
    before: Option<u32>,
    epoch: Option<u64>,
}

/// A key's history up to the last final epoch, `shelfproof-history-v1`; for a key without events, the proof that it has
/// none. Of a long history the newest part, or the part before an event.
pub(super) async fn prove(
    State(prover): State<Arc<Prover>>,
    key_id: Result<Path<String>, PathRejection>,
    before: Result<Query<Before>, QueryRejection>,
) -> Result<Response, Problem> {
    let before = match before {
        Ok(Query(Before {
            before: None,
            epoch: None,
        })) => None,
        Ok(Query(Before {
            before: Some(version),
            epoch: Some(epoch),
        })) => Some((version, epoch)),
        _ => return Err(Problem::InvalidPart),
    };
    let key = key_id.ok().and_then(|Path(text)| hex_bytes(&text));
    let key = B256::new(key.ok_or(Problem::InvalidKeyId)?);
    let place = Arc::clone(&prover.proofs).try_acquire_owned();
    let place = place.map_err(|_| Problem::Busy)?;
    let prove = move || {
        let proven = match before {
            None => prover.history.prove(&key),
            Some((version, epoch)) => prover.history.prove_before(&key, version, epoch),
        };
        let proven = proven.map(|proven| proven.to_json(&prover.identity));
        // Only now: the work goes on even if the client has closed the connection.
        drop(place);
        proven
    };
    match spawn_blocking(prove).await {
        Ok(Ok(file)) => Ok(([(CONTENT_TYPE, "application/json")], file).into_response()),
        Ok(Err(HistoryError::NothingFinal)) => Err(Problem::NothingFinal),
        Ok(Err(HistoryError::NoSuchEvent { .. })) => Err(Problem::NoSuchEvent),
        Ok(Err(error)) => {
            tracing::error!(%error, "a key's history could not be proved");
            Err(Problem::Storage)
        }
        Err(error) => {
            tracing::error!(%error, "a thread that proves a key's history failed");
            Err(Problem::Internal)
        }
    }
}

//! How this history fares.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use shelfproof_base::clock::now_ms;

use super::Prover;
use super::problem::Problem;
use crate::status::Status;

/// After this time without a word, nothing is well, milliseconds: above the longest pause with all its tries, and the longest statement
/// but one over a backlog of hours.
const SILENT_MS: u64 = 300_000;

/// Where it stands.
pub(super) async fn status(State(prover): State<Arc<Prover>>) -> Json<Status> {
    Json(public(&prover))
}

/// Without the detail: it may hold what a node or a database says.
fn public(prover: &Prover) -> Status {
    let status = prover.status.borrow().clone();
    Status {
        detail: status.condition.sentence().to_owned(),
        ..status
    }
}

/// Whether nothing needs to be done about it.
pub(super) async fn health(State(prover): State<Arc<Prover>>) -> Result<Json<Value>, Problem> {
    let status = public(&prover);
    if now_ms().abs_diff(status.at_ms) > SILENT_MS {
        let detail = "Nothing has been said for minutes: the program hangs.".to_owned();
        return Err(Problem::Unwell(status.condition, detail));
    }
    if status.condition.is_well() {
        Ok(Json(json!({"status": "ok", "condition": status.condition})))
    } else {
        Err(Problem::Unwell(status.condition, status.detail))
    }
}

/// What was counted, in the text format of Prometheus.
pub(super) async fn metrics(State(prover): State<Arc<Prover>>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], prover.metrics.render()).into_response()
}

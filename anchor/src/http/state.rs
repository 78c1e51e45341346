//! Status, health and metrics.

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

/// A program that has reported nothing for this long hangs, milliseconds. Longer than the longest pause with all its tries, and than every
/// statement but one over a backlog of hours.
const SILENT_MS: u64 = 300_000;

pub(super) async fn status(State(prover): State<Arc<Prover>>) -> Json<Status> {
    Json(public(&prover))
}

/// The status without its detail, which may quote a node or the database.
fn public(prover: &Prover) -> Status {
    let status = prover.status.borrow().clone();
    Status {
        detail: status.condition.sentence().to_owned(),
        ..status
    }
}

/// 200 where no operator needs to act, else 503 with the condition.
pub(super) async fn health(State(prover): State<Arc<Prover>>) -> Result<Json<Value>, Problem> {
    let status = public(&prover);
    if now_ms().abs_diff(status.at_ms) > SILENT_MS {
        let detail = "The program has reported nothing for minutes: it hangs.".to_owned();
        return Err(Problem::Unwell(status.condition, detail));
    }
    if status.condition.is_well() {
        Ok(Json(json!({"status": "ok", "condition": status.condition})))
    } else {
        Err(Problem::Unwell(status.condition, status.detail))
    }
}

/// The metrics, in the text format of Prometheus.
pub(super) async fn metrics(State(prover): State<Arc<Prover>>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], prover.metrics.render()).into_response()
}

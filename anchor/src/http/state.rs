//! How this history fares.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Prover;
use super::problem::Problem;
use crate::status::Status;

/// Where it stands.
pub(super) async fn status(State(prover): State<Arc<Prover>>) -> Json<Status> {
    Json(prover.status.borrow().clone())
}

/// Whether nothing needs to be done about it.
pub(super) async fn health(State(prover): State<Arc<Prover>>) -> Result<Json<Value>, Problem> {
    let status = prover.status.borrow().clone();
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

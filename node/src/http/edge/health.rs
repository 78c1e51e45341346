//! `/healthz` and `/readyz`: whether the process runs and whether it can sell.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::json_response::json_response;
use super::problem::{Code, Problem};
use super::readiness::Report;
use super::shop::Shop;

pub(crate) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(alive)).routes(routes!(ready))
}

/// The answer of `/healthz`.
#[derive(Serialize, ToSchema)]
struct Alive {
    /// `ok`.
    status: &'static str,
    /// The program's version.
    version: &'static str,
}

/// Is the process alive?
#[utoipa::path(
    get, path = "/healthz", tag = "service", operation_id = "isAlive",
    responses((status = 200, description = "It answers", body = Alive, example = json!({"status": "ok", "version": "0.1.0"}))),
)]
async fn alive() -> Response {
    let alive = Alive {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    };
    json_response(StatusCode::OK, &alive)
}

/// Can it sell?
///
/// For a load balancer: a node that is not ready should get no requests.
#[utoipa::path(
    get, path = "/readyz", tag = "service", operation_id = "isReady",
    responses((status = 200, description = "It can", body = Report,
        example = json!({"database": true, "schema": true, "clock": true, "chainClock": true, "orders": true,
            "fence": true}))),
)]
async fn ready(State(shop): State<Arc<Shop>>) -> Response {
    let report = shop.readiness.report(&shop.app).await;
    if report.is_ready() {
        return json_response(StatusCode::OK, &report);
    }
    Problem::new(Code::Unavailable, report.missing()).into_response()
}

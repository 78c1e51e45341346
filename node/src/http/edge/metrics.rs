//! `/metrics`: for admins, since how much is sold and refused is the merchant's own business.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::auth::May;
use super::problem::Problem;
use super::shop::Shop;
use crate::access::ReadMetrics;
use crate::app::App;
use crate::telemetry::metrics;

pub(crate) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default().routes(routes!(counted))
}

/// Read the metrics
///
/// For admins, in the text format of Prometheus. For a scraper without a token, `http.metrics_listen` of the
/// configuration opens an address that answers this alone.
#[utoipa::path(
    get, path = "/metrics", tag = "service", operation_id = "getMetrics", security(("bearer" = [])),
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain")),
)]
async fn counted(_: May<ReadMetrics>, State(shop): State<Arc<Shop>>) -> Response {
    render(&shop.app)
}

/// The same without a token, for `http.metrics_listen`.
pub(crate) fn open_router(app: Arc<App>) -> Router {
    Router::new()
        .route(
            "/metrics",
            get(|State(app): State<Arc<App>>| async move { render(&app) }),
        )
        .with_state(app)
}

fn render(app: &App) -> Response {
    metrics::connections(app.pool.size(), app.pool.num_idle());
    metrics::waiting(app.orders.waiting());
    if let Some(is_open) = app.fence.is_open() {
        metrics::fence(is_open);
    }
    if let Some(apart_s) = app.fence.clock_apart_s() {
        metrics::chain_apart(apart_s);
    }
    render_all()
}

/// All metrics of this process, in the text format of Prometheus.
pub(crate) fn render_all() -> Response {
    match metrics::start() {
        Ok(handle) => ([(CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}

//! Whether this process lives and whether it can sell, for everybody; and what it counts, for those who run it: how much
//! is sold and refused is the merchant's own business.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use shelfproof_base::clock::now_ms;
use tokio::sync::Mutex;
use tokio::time::timeout;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::answer::answer;
use super::auth::Admin;
use super::limits::{READY_BOUND, READY_TTL};
use super::problem::{Code, Problem};
use super::shop::Shop;
use crate::app::App;
use crate::domain::clock::MAX_DRIFT_MS;
use crate::store;
use crate::store::server::server_get;
use crate::telemetry::metrics;

pub(crate) fn routes() -> OpenApiRouter<Arc<Shop>> {
    OpenApiRouter::default()
        .routes(routes!(alive))
        .routes(routes!(ready))
        .routes(routes!(counted))
}

/// That the process answers.
#[derive(Serialize, ToSchema)]
struct Alive {
    /// `ok`.
    status: &'static str,
    /// Of the program.
    version: &'static str,
}

/// Whether each part that a sale needs is there.
#[allow(clippy::struct_excessive_bools, reason = "each is a field of the answer")]
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// The database answers.
    database: bool,
    /// It has this program's schema.
    schema: bool,
    /// This machine's clock and the database's agree to a minute.
    clock: bool,
    /// The counter takes orders.
    counter: bool,
    /// The database knows all that the chain holds; null where no chain is configured, and nobody can tell.
    fence: Option<bool>,
    /// Why it does not.
    #[serde(skip)]
    refusal: String,
}

/// The last report, given again for a moment.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, Report)>>);

impl Report {
    fn is_ready(&self) -> bool {
        self.database && self.schema && self.clock && self.counter && self.fence != Some(false)
    }

    async fn of(app: &App) -> Self {
        let server = timeout(READY_BOUND, server_get(&app.pool)).await;
        let server = server.ok().and_then(Result::ok);
        let schema = timeout(READY_BOUND, store::is_migrated(&app.pool)).await;
        let drift_ms = |clock_ms: i64| now_ms().abs_diff(u64::try_from(clock_ms).unwrap_or_default());
        let refusal = app.fence.refusal();
        Self {
            database: server.is_some(),
            schema: matches!(schema, Ok(Ok(true))),
            clock: server.is_some_and(|server| drift_ms(server.clock_ms) <= MAX_DRIFT_MS),
            counter: app.orders.is_open(),
            fence: app.fence.is_open(),
            refusal: refusal.unwrap_or_default(),
        }
    }
}

impl Readiness {
    /// The report, at most [`READY_TTL`] old. Whoever asks meanwhile waits for the same one.
    async fn report(&self, app: &App) -> Report {
        let mut last = self.0.lock().await;
        if let Some((at, report)) = &*last
            && at.elapsed() < READY_TTL
        {
            return report.clone();
        }
        let report = Report::of(app).await;
        *last = Some((Instant::now(), report.clone()));
        report
    }
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
    answer(StatusCode::OK, &alive)
}

/// Can it sell?
///
/// For whoever directs requests: a node that is not ready should get none.
#[utoipa::path(
    get, path = "/readyz", tag = "service", operation_id = "isReady",
    responses((status = 200, description = "It can", body = Report,
        example = json!({"database": true, "schema": true, "clock": true, "counter": true, "fence": true}))),
)]
async fn ready(State(shop): State<Arc<Shop>>) -> Response {
    let report = shop.readiness.report(&shop.app).await;
    if report.is_ready() {
        return answer(StatusCode::OK, &report);
    }
    Problem::new(Code::Unavailable, report.missing()).into_response()
}

/// What was counted
///
/// For admins, in the text format of Prometheus. For a scraper without a token, `http.metrics_listen` of the configuration
/// opens an address that answers this alone.
#[utoipa::path(
    get, path = "/metrics", tag = "service", operation_id = "getMetrics", security(("bearer" = [])),
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain")),
)]
async fn counted(_: Admin, State(shop): State<Arc<Shop>>) -> Response {
    figures(&shop.app)
}

/// The same without a token, for an address of its own.
pub(crate) fn metrics_router(app: Arc<App>) -> Router {
    Router::new()
        .route(
            "/metrics",
            get(|State(app): State<Arc<App>>| async move { figures(&app) }),
        )
        .with_state(app)
}

fn figures(app: &App) -> Response {
    metrics::connections(app.pool.size(), app.pool.num_idle());
    metrics::waiting(app.orders.waiting());
    if let Some(is_open) = app.fence.is_open() {
        metrics::fence(is_open);
    }
    render()
}

/// All metrics of this process, in the text format of Prometheus.
pub(crate) fn render() -> Response {
    match metrics::start() {
        Ok(handle) => ([(CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response(),
        Err(error) => Problem::internal(error).into_response(),
    }
}

impl Report {
    /// The parts that are not there, in words.
    fn missing(&self) -> String {
        let parts = [
            (self.database, "the database does not answer"),
            (self.schema, "the database does not have this program's schema"),
            (self.clock, "this machine's clock and the database's disagree"),
            (self.counter, "the counter takes no orders"),
            (self.fence != Some(false), &self.refusal),
        ];
        let missing: Vec<&str> = parts
            .iter()
            .filter(|(is_there, _)| !is_there)
            .map(|(_, why)| *why)
            .collect();
        format!("Not ready: {}.", missing.join("; "))
    }
}

//! The prover over HTTP. Everything it answers follows from public data, so no request needs a token.
//!
//! | path | answer |
//! |---|---|
//! | `/v1/keys/{keyId}` | a key's history with its proofs, `shelfproof-history-v1`: its newest 400 events |
//! | `/v1/keys/{keyId}?before={version}&epoch={number}` | those before the first event of such an answer |
//! | `/v1/status` | how far the history has come |
//! | `/data/epochs/{number}.events`, `.delta`, `.header.json` | an epoch's published data, its delta and its header |
//! | `/healthz`, `/metrics` | for its operator |
//!
//! A new route is a handler in a file of its own, and a line in [`router`]; its errors are [`Problem`]s.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use shelfproof_base::server;
use shelfproof_verifier::chain::Identity;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{interval, timeout};

mod data;
mod keys;
mod problem;
mod state;

use problem::Problem;

use crate::history::History;
use crate::status::Status;

/// Proofs that are made at once, each on its own thread; more are refused.
pub const MAX_PROOFS: usize = 64;
/// Data files that are sent at once; more are refused.
pub const MAX_DOWNLOADS: usize = 32;
/// The time limit until an answer begins.
const ANSWER_BOUND: Duration = Duration::from_secs(10);
/// The time that requests in flight get once the program is to stop.
const DRAIN: Duration = Duration::from_secs(5);
/// The pause between two folds of collected histogram samples, which would take memory without end where nothing reads
/// `/metrics`.
const UPKEEP_PERIOD: Duration = Duration::from_secs(5);

/// What the handlers share.
struct Prover {
    history: Arc<History>,
    identity: Identity,
    status: watch::Receiver<Status>,
    metrics: PrometheusHandle,
    proofs: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
}

/// Answers requests about the history of `identity` until `stop`; requests in flight then get a bounded time to end.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    history: Arc<History>,
    identity: Identity,
    status: watch::Receiver<Status>,
    metrics: PrometheusHandle,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let prover = Arc::new(Prover {
        history,
        identity,
        status,
        metrics: metrics.clone(),
        proofs: Arc::new(Semaphore::new(MAX_PROOFS)),
        downloads: Arc::new(Semaphore::new(MAX_DOWNLOADS)),
    });
    let upkeep = async move {
        let mut ticks = interval(UPKEEP_PERIOD);
        loop {
            ticks.tick().await;
            metrics.run_upkeep();
        }
    };
    tokio::select! {
        ended = server::run(router(prover), listener, DRAIN, stop) => ended,
        () = upkeep => Ok(()),
    }
}

fn router(prover: Arc<Prover>) -> Router {
    Router::new()
        .route("/v1/keys/{key_id}", get(keys::prove))
        .route("/v1/status", get(state::status))
        .route("/data/epochs/{file}", get(data::download))
        .route("/metrics", get(state::metrics))
        .route("/healthz", get(state::health))
        .fallback(async || Problem::NotFound)
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed)
        .layer(middleware::from_fn(bounded))
        .with_state(prover)
}

/// Applies to every answer: a time limit, no sniffing of content types, and no caching unless the handler allows it.
async fn bounded(request: Request, next: Next) -> Response {
    let answered = timeout(ANSWER_BOUND, next.run(request)).await;
    let mut response = answered.unwrap_or_else(|_| Problem::TimedOut.into_response());
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

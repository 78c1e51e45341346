//! The prover over HTTP: what follows from public data, for everybody, so nobody needs a token.
//!
//! | address | answer |
//! |---|---|
//! | `/v1/keys/{keyId}` | a key's history with its proofs, `shelfproof-history-v1` |
//! | `/v1/status` | where the history stands |
//! | `/data/epochs/{number}.events` | an epoch's published data |
//! | `/healthz`, `/metrics` | for those who run it |

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

pub mod data;
mod keys;
mod problem;
mod state;

use problem::Problem;

use crate::history::History;
use crate::status::Status;

/// Proofs that are made at once, each on a thread of its own; those beyond are refused.
pub const MAX_PROOFS: usize = 64;
/// Data files that are sent at once; those beyond are refused.
pub const MAX_DOWNLOADS: usize = 32;
/// How long an answer may take to begin.
const ANSWER_BOUND: Duration = Duration::from_secs(10);
/// How long requests in flight have to end once the program is to stop.
const DRAIN: Duration = Duration::from_secs(5);
/// How often collected measurements are folded, so that they take no more room between two reads of `/metrics`.
const UPKEEP_PERIOD: Duration = Duration::from_secs(5);

/// What the answers are made from.
struct Prover {
    history: Arc<History>,
    identity: Identity,
    status: watch::Receiver<Status>,
    metrics: PrometheusHandle,
    proofs: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
}

/// Answers requests about `history`, which is `identity`'s, until `stop`; then what is in flight has a bounded time to
/// end.
///
/// # Errors
/// Where the listener fails.
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

/// What holds for every answer: it begins in time, is what it says it is, and is kept by nobody unless it says so.
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

//! What `shelfproof worker` answers about itself, without a token: `/healthz` with the status of its tasks, and `/metrics`.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use shelfproof_base::server;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::api::problem;
use super::edge::json_response::json_response;
use super::edge::limits::MAX_SCRAPES;
use super::edge::{RequestLimits, guard, metrics};
use crate::api_types::ShownTask;
use crate::background::driver::LastSeen;
use crate::telemetry;

/// How long an answer may take; all of them come from memory.
const ANSWER_BOUND: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Health<'a> {
    /// `ok`: the process answers. How its tasks are doing is in `tasks`.
    status: &'static str,
    version: &'static str,
    /// As this process last saw them in the database.
    tasks: Vec<ShownTask<'a>>,
}

/// Answers at `listener`, if there is one, until dropped.
///
/// # Errors
/// Where the listener fails, or another recorder of metrics is there.
pub async fn serve_worker(listener: Option<TcpListener>, seen: LastSeen) -> io::Result<()> {
    let Some(listener) = listener else {
        return pending().await;
    };
    let recorded = telemetry::metrics::start().map_err(io::Error::other)?;
    let limits = RequestLimits {
        in_flight: Arc::new(Semaphore::new(MAX_SCRAPES)),
        bound: ANSWER_BOUND,
    };
    let router = Router::new()
        .route("/healthz", get(alive))
        .route("/metrics", get(async || metrics::render_all()))
        .with_state(seen);
    tokio::select! {
        ended = server::run(guard(router, limits, |_| problem::write), listener, Duration::ZERO, pending()) => ended,
        never = super::upkeep(recorded) => match never {},
    }
}

async fn alive(State(seen): State<LastSeen>) -> Response {
    let tasks = seen.tasks();
    let health = Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        tasks: tasks.iter().map(ShownTask::from).collect(),
    };
    json_response(StatusCode::OK, &health)
}

//! The API: one file a group of endpoints. Whatever comes in is parsed into domain types here, and every status is chosen
//! here.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use shelfproof_base::server;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::interval;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

mod api;
mod edge;
mod worker;

pub use worker::serve_worker;

use api::docs;
use edge::auth::KeyCache;
use edge::health::{self, Readiness};
use edge::limits::{LONG_BOUND, MAX_DOWNLOADS, MAX_IMPORTS, MAX_SCRAPES, UPKEEP_PERIOD};
use edge::shop::Shop;
use edge::{Edge, guard};

use crate::app::App;
use crate::telemetry::metrics;

/// All routes of `app`, each behind its bounds.
pub fn router(app: Arc<App>) -> Router {
    let settings = &app.config.http;
    let edge = Edge {
        in_flight: Arc::new(Semaphore::new(settings.requests_max)),
        bound: Duration::from_millis(settings.timeout_ms),
    };
    let shop = Arc::new(Shop {
        app,
        keys: KeyCache::new(),
        readiness: Readiness::default(),
        imports: Semaphore::new(MAX_IMPORTS),
        downloads: Arc::new(Semaphore::new(MAX_DOWNLOADS)),
    });
    routes(edge).with_state(shop)
}

/// All endpoints, and their description.
struct Parts {
    /// Those that are done within `http.timeout_ms`.
    short: Router<Arc<Shop>>,
    /// Those that take up to [`LONG_BOUND`].
    long: Router<Arc<Shop>>,
    description: OpenApi,
}

fn parts() -> Parts {
    let (short, mut description) = OpenApiRouter::with_openapi(docs::frame())
        .merge(api::routes())
        .merge(health::routes())
        .split_for_parts();
    let (long, more) = api::long_routes().split_for_parts();
    description.merge(more);
    Parts {
        short,
        long,
        description,
    }
}

fn routes(edge: Edge) -> Router<Arc<Shop>> {
    let parts = parts();
    let patient = Edge {
        bound: LONG_BOUND,
        ..edge.clone()
    };
    // What matches no route ends at the first one's edge.
    guard(parts.short.merge(docs::publish(parts.description)), edge).merge(guard(parts.long, patient))
}

/// Where requests come in.
#[derive(Debug)]
pub struct Listeners {
    /// The API.
    pub api: TcpListener,
    /// `/metrics` alone, without a token.
    pub metrics: Option<TcpListener>,
}

/// Answers requests to `app` until `shutdown`; then what is in flight has `http.drain_ms` to end.
///
/// # Errors
/// Where a listener fails.
pub async fn serve(app: Arc<App>, listeners: Listeners, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let drain = Duration::from_millis(app.config.http.drain_ms);
    let scrapes = scrapes(Arc::clone(&app), listeners.metrics, drain);
    tokio::select! {
        ended = server::run(router(app), listeners.api, drain, shutdown) => ended,
        ended = scrapes => ended,
        ended = upkeep() => ended,
    }
}

/// Collects metrics, and keeps them small between two reads of `/metrics`, until dropped.
async fn upkeep() -> io::Result<()> {
    let handle = metrics::start().map_err(io::Error::other)?;
    let mut ticks = interval(UPKEEP_PERIOD);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

/// Answers `/metrics` at its own address, if it has one, until dropped.
async fn scrapes(app: Arc<App>, listener: Option<TcpListener>, drain: Duration) -> io::Result<()> {
    let Some(listener) = listener else {
        return pending().await;
    };
    let edge = Edge {
        in_flight: Arc::new(Semaphore::new(MAX_SCRAPES)),
        bound: Duration::from_millis(app.config.http.timeout_ms),
    };
    let router = guard(health::metrics_router(app), edge);
    server::run(router, listener, drain, pending()).await
}

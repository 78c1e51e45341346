//! HTTP, in branches: what a branch serves is read by one kind of client, and its errors are written for that client.
//!
//! | branch | serves | an error is |
//! |---|---|---|
//! | [`api`] | programs: the API, the public files, health and metrics | `application/problem+json` |
//! | [`web`] | people with a browser | a page |
//! | [`pay`] | gateways: their notices | a plain word |
//!
//! Every request passes the [`edge`] first, which knows no branch: it makes errors as data
//! ([`Problem`](edge::problem::Problem)), and the branch's [`ErrorWriter`] writes them.
//!
//! A new branch is a module with its routes and an `ErrorWriter` of its own,
//! whose one `match` gives every [`Code`](edge::problem::Code) its status and words, and
//! a `guard` with that writer in [`routes`].

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::VARY;
use axum::response::Response;
use metrics_exporter_prometheus::PrometheusHandle;
use shelfproof_base::server;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::interval;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

mod api;
mod edge;
mod pay;
mod web;
mod worker;

pub use worker::serve_worker;

use api::docs;
use edge::attempts::Attempts;
use edge::key_cache::KeyCache;
use edge::limits::{
    LONG_BOUND, LOOKUPS_BY_ADDRESS, LOOKUPS_OF_CONTACT, MAX_DOWNLOADS, MAX_IMPORTS, MAX_NOTICES, MAX_PROBES,
    MAX_SCRAPES, UPKEEP_PERIOD,
};
use edge::readiness::Readiness;
use edge::shop::Shop;
use edge::{ErrorWriter, RequestLimits, guard, health, metrics};

use crate::app::App;
use crate::telemetry;

/// All routes of `app`, each behind its bounds.
pub fn router(app: Arc<App>) -> Router {
    let settings = &app.config.http;
    let limits = RequestLimits {
        in_flight: Arc::new(Semaphore::new(settings.requests_max)),
        bound: Duration::from_millis(settings.timeout_ms),
    };
    let shop = Arc::new(Shop {
        app,
        keys: KeyCache::new(),
        readiness: Readiness::default(),
        imports: Semaphore::new(MAX_IMPORTS),
        downloads: Arc::new(Semaphore::new(MAX_DOWNLOADS)),
        lookups: Attempts::new(LOOKUPS_BY_ADDRESS, "come from one address"),
        lookups_of_contact: Attempts::new(LOOKUPS_OF_CONTACT, "are for one contact"),
        exports: Arc::default(),
    });
    routes(limits).with_state(shop)
}

/// The endpoints that the API's description lists, and the description.
struct Described {
    /// Those that are done within `http.timeout_ms`.
    short: Router<Arc<Shop>>,
    /// Those that take up to [`LONG_BOUND`].
    long: Router<Arc<Shop>>,
    /// `/healthz` and `/readyz`: a node that is full of requests is alive, and says so.
    health: Router<Arc<Shop>>,
    description: OpenApi,
}

fn described() -> Described {
    let (short, mut description) = OpenApiRouter::with_openapi(docs::frame())
        .merge(api::routes())
        .merge(metrics::routes())
        .split_for_parts();
    let (long, more) = api::long_routes().split_for_parts();
    description.merge(more);
    let (health, more) = health::routes().split_for_parts();
    description.merge(more);
    Described {
        short,
        long,
        health,
        description,
    }
}

fn routes(limits: RequestLimits) -> Router<Arc<Shop>> {
    let described = described();
    let patient = RequestLimits {
        bound: LONG_BOUND,
        ..limits.clone()
    };
    let probes = RequestLimits {
        in_flight: Arc::new(Semaphore::new(MAX_PROBES)),
        ..limits.clone()
    };
    let notices = RequestLimits {
        in_flight: Arc::new(Semaphore::new(MAX_NOTICES)),
        ..limits.clone()
    };
    let short = described.short.merge(docs::publish(described.description));
    guard(short, limits.clone(), |_| api::problem::write)
        .merge(guard(described.long, patient, |_| api::problem::write))
        .merge(guard(described.health, probes, |_| api::problem::write))
        .merge(guard(pay::routes(), notices, |_| pay::write_error))
        .merge(guard(web::routes(docs::DESCRIPTION), limits, page_or_problem))
}

/// For addresses of no route and for pages: a page for a person, a problem for a program, and below the API's address a
/// problem for everybody.
fn page_or_problem(request: &Request) -> ErrorWriter {
    if request.uri().path().starts_with(api::BASE) {
        api::problem::write
    } else if web::is_for_a_person(request) {
        |problem, id| by_accept(web::error_page::write(problem, id))
    } else {
        |problem, id| by_accept(api::problem::write(problem, id))
    }
}

/// Tells caches that a request with another header `Accept` is answered in another form.
fn by_accept(mut response: Response) -> Response {
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept"));
    response
}

/// Where requests come in.
#[derive(Debug)]
pub struct Listeners {
    /// All branches.
    pub api: TcpListener,
    /// `/metrics` alone, without a token.
    pub metrics: Option<TcpListener>,
}

/// Answers requests to `app` until `shutdown`; then what is in flight has `http.drain_ms` to end.
///
/// # Errors
/// Where a listener fails, or another recorder of metrics is there.
pub async fn serve(app: Arc<App>, listeners: Listeners, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let drain = Duration::from_millis(app.config.http.drain_ms);
    // Before the first request, which would otherwise be counted nowhere.
    let recorded = telemetry::metrics::start().map_err(io::Error::other)?;
    let scrapes = scrapes(Arc::clone(&app), listeners.metrics, drain);
    tokio::select! {
        ended = server::run(router(app), listeners.api, drain, shutdown) => ended,
        ended = scrapes => ended,
        never = upkeep(recorded) => match never {},
    }
}

/// Collects metrics, and keeps them small between two reads of `/metrics`, until dropped.
async fn upkeep(handle: PrometheusHandle) -> Infallible {
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
    let limits = RequestLimits {
        in_flight: Arc::new(Semaphore::new(MAX_SCRAPES)),
        bound: Duration::from_millis(app.config.http.timeout_ms),
    };
    let router = guard(metrics::open_router(app), limits, |_| api::problem::write);
    server::run(router, listener, drain, pending()).await
}

#[cfg(test)]
mod tests;

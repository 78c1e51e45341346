//! What happens to every request, in one layer: its id, its bounds, a panic's end, its metrics and its line in the log.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Router, http::StatusCode};
use tokio::sync::Semaphore;

use crate::domain::id::AccountId;
use crate::telemetry::metrics;
use problem::{Code, Problem};

pub(super) mod answer;
pub(super) mod auth;
pub(super) mod fence;
pub(super) mod health;
pub(super) mod limits;
pub(super) mod problem;
pub(super) mod shop;

/// Where a request's id stands, in requests and answers.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that a caller may give its request.
const MAX_REQUEST_ID: usize = 64;
/// What stands for the route where none matched; the path itself is the caller's and could be anything.
const NO_ROUTE: &str = "none";

/// The bounds of a group of routes.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    /// Permits for requests in flight.
    pub(crate) in_flight: Arc<Semaphore>,
    /// How long a request may take.
    pub(crate) bound: Duration,
}

/// Who sent the request, noted when its token was checked, for the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trail(Arc<OnceLock<AccountId>>);

impl Trail {
    /// Notes the account.
    pub(crate) fn note(&self, account: AccountId) {
        // A request has one token; a second note could only say the same.
        let _ = self.0.set(account);
    }
}

/// Puts all routes of `router` behind this edge.
pub(crate) fn guard<S: Clone + Send + Sync + 'static>(router: Router<S>, edge: Edge) -> Router<S> {
    router.layer(middleware::from_fn_with_state(edge, pass))
}

async fn pass(State(edge): State<Edge>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let trail = Trail::default();
    request.extensions_mut().insert(trail.clone());

    let response = match edge.in_flight.try_acquire() {
        Ok(_permit) => run(next, request, edge.bound).await,
        Err(_) => Problem::new(
            Code::Busy,
            "Too many requests are in flight. Repeat this one a little later.",
        )
        .into_response(),
    };
    let (mut response, problem) = problem::finish(response, id.to_str().unwrap_or_default());
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(REQUEST_ID, id.clone());

    let line = Line {
        id: &id,
        method: &method,
        route: route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str),
        status: response.status(),
        took: started.elapsed(),
        account: trail.0.get().copied(),
    };
    metrics::request(known(line.method), line.route, line.status.as_u16(), line.took);
    line.write(problem.as_deref());
    response
}

/// The handler's answer, unless it takes too long or panics. What a panic says stays in the process.
async fn run(next: Next, request: Request, bound: Duration) -> Response {
    let mut future = pin!(next.run(request));
    // A half-done handler is dropped with its panic and never polled again; what it shared guards itself: the pool's
    // connections roll back when dropped, and locks of the standard library are poisoned.
    let caught =
        std::future::poll_fn(
            |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(response)) => Poll::Ready(Ok(response)),
                Err(panic) => Poll::Ready(Err(panic)),
            },
        );
    match tokio::time::timeout(bound, caught).await {
        Ok(Ok(response)) => response,
        // Its text was the panic hook's to print.
        Ok(Err(_)) => Problem::new(
            Code::Internal,
            "The shop's operator finds the reason in the log, under the request's id.",
        )
        .into_response(),
        Err(_) => Problem::new(
            Code::TimedOut,
            "It may have been done all the same: repeat it with the same idempotency key, or look it up.",
        )
        .into_response(),
    }
}

/// The method where it is one that metrics may name; a caller can make up any.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// The caller's id of the request where it is one that logs can hold, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    headers
        .get(REQUEST_ID)
        .filter(|id| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(is_plain))
        .cloned()
        .or_else(|| HeaderValue::try_from(format!("{:032x}", rand::random::<u128>())).ok())
        .unwrap_or(HeaderValue::from_static("none"))
}

/// A request's line in the log: nothing of its query, headers or body.
struct Line<'a> {
    id: &'a HeaderValue,
    method: &'a Method,
    route: &'a str,
    status: StatusCode,
    took: Duration,
    account: Option<AccountId>,
}

impl Line<'_> {
    /// Successes are worth a line only to whoever debugs; refusals are told to operators, failures with their cause.
    fn write(&self, problem: Option<&Problem>) {
        macro_rules! line {
            ($level:ident, $($more:tt)*) => {
                tracing::$level!(
                    request_id = self.id.to_str().unwrap_or_default(),
                    method = self.method.as_str(),
                    route = self.route,
                    status = self.status.as_u16(),
                    took_us = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
                    account = self.account.map(tracing::field::display),
                    $($more)*
                )
            };
        }
        let code = problem.map(|problem| problem.code().name());
        let cause = problem.and_then(Problem::cause).map(tracing::field::display);
        if self.status.is_server_error() {
            line!(error, code, cause, "request failed");
        } else if self.status.is_client_error() {
            line!(info, code, "request refused");
        } else {
            line!(debug, "request");
        }
    }
}

#[cfg(test)]
mod tests;

//! The layer around every branch: request ids, limits, panics, metrics and log lines; and what several branches use:
//! authentication ([`auth`]), the fence, health and metrics, errors as data ([`problem`]).
//!
//! The edge imports no branch. A branch passes an [`ErrorWriter`] to [`guard`], which writes the bodies of errors.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

pub(super) mod attempts;
pub(super) mod auth;
pub(super) mod client_address;
pub(super) mod exports;
pub(super) mod fence;
pub(super) mod health;
pub(super) mod json_response;
pub(super) mod key_cache;
pub(super) mod limits;
mod log;
pub(super) mod metrics;
pub(super) mod problem;
pub(super) mod readiness;
pub(super) mod shop;

use log::{Line, RequestLog};
use problem::{Code, Problem};

use crate::telemetry;

/// The header of a request's id, in requests and answers.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that a caller may give its request.
const MAX_REQUEST_ID: usize = 64;
/// The route in logs and metrics where none matched; the path itself is the caller's and could be anything.
const NO_ROUTE: &str = "none";

/// Writes an error as the body of an answer, given the request's id. The status and the headers of a [`Problem`] are
/// set before; the writer may replace them.
pub(super) type ErrorWriter = fn(&Problem, &str) -> Response;

/// Chooses how errors of a request are written, before it is handled.
pub(super) type ChooseWriter = fn(&Request) -> ErrorWriter;

/// The bounds of a group of routes.
#[derive(Clone, Debug)]
pub(super) struct RequestLimits {
    /// Permits for requests in flight.
    pub(super) in_flight: Arc<Semaphore>,
    /// How long a request may take.
    pub(super) bound: Duration,
}

#[derive(Clone)]
struct Edge {
    limits: RequestLimits,
    errors: ChooseWriter,
}

/// Puts the layer around all routes of `router`.
pub(super) fn guard<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    limits: RequestLimits,
    errors: ChooseWriter,
) -> Router<S> {
    router.layer(middleware::from_fn_with_state(Edge { limits, errors }, handle))
}

async fn handle(State(Edge { limits, errors }): State<Edge>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let write = errors(&request);
    let log = RequestLog::default();
    request.extensions_mut().insert(log.clone());

    let response = match limits.in_flight.try_acquire() {
        Ok(_permit) => run(next, request, limits.bound).await,
        Err(_) => Problem::new(
            Code::Busy,
            "Too many requests are in flight. Repeat this one a little later.",
        )
        .into_response(),
    };
    let (mut response, problem) = finish(response, write, id.to_str().unwrap_or_default());
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
        account: log.account(),
    };
    telemetry::metrics::request(known(line.method), line.route, line.status.as_u16(), line.took);
    line.write(problem.as_deref());
    response
}

/// The handler's answer, or a problem where it takes too long or panics. The panic's text is not shown.
async fn run(next: Next, request: Request, bound: Duration) -> Response {
    let mut future = pin!(next.run(request));
    // A handler that panicked is never polled again, and what it shares is safe: the pool's connections roll back when
    // dropped, and locks of the standard library are poisoned.
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
        // The panic hook has printed where it happened.
        Ok(Err(_)) => Problem::new(Code::Internal, problem::SEE_LOG).into_response(),
        Err(_) => Problem::new(
            Code::TimedOut,
            "It may have been done all the same: repeat it with the same idempotency key, or look it up.",
        )
        .into_response(),
    }
}

/// Gives an error answer its body, and returns the problem for the log. Other answers pass unchanged. Headers of the
/// handler's answer stay, except for those of its body.
fn finish(mut response: Response, write: ErrorWriter, request_id: &str) -> (Response, Option<Arc<Problem>>) {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return (response, None);
    }
    let problem = response
        .extensions_mut()
        .remove::<Arc<Problem>>()
        .unwrap_or_else(|| Arc::new(Problem::of_status(status)));
    let mut headers = std::mem::take(response.headers_mut());
    headers.remove(CONTENT_LENGTH);
    headers.remove(CONTENT_TYPE);
    let mut written = write(&problem, request_id);
    headers.extend(std::mem::take(written.headers_mut()));
    *written.headers_mut() = headers;
    (written, Some(problem))
}

/// The method as a metric's label: a caller can make up any number of methods.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// The request's id: the caller's where it is plain enough for logs, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    headers
        .get(REQUEST_ID)
        .filter(|id| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.as_bytes().iter().all(is_plain))
        .cloned()
        .or_else(|| HeaderValue::try_from(format!("{:032x}", rand::random::<u128>())).ok())
        .unwrap_or(HeaderValue::from_static("none"))
}

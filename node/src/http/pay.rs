//! What gateways send: notices, by GET or POST as the protocol of the account has it. A notice that was taken is answered
//! with the protocol's own word, and everything else with `fail`: who forges notices learns nothing from it.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use shelfproof_base::clock::now_ms;

use super::edge::limits::MAX_NOTICE;
use super::edge::problem::{Code, Problem};
use super::edge::shop::Shop;
use crate::checkout::{Collector, NoticeError, take_notice};
use crate::gateway::{NoticeRefusal, NoticeRequest, Port};

/// The answer to what was not taken.
const FAIL: &str = "fail";

pub(super) fn routes() -> Router<Arc<Shop>> {
    Router::new().route("/pay/{gateway}/notice", any(notice))
}

/// Writes an error for a gateway, which looks at the status and the word. What cannot be served now is sent again.
pub(super) fn write_error(problem: &Problem, _: &str) -> Response {
    let status = match problem.code() {
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Conflict => StatusCode::CONFLICT,
        Code::Busy
        | Code::TimedOut
        | Code::Unavailable
        | Code::ClockDrift
        | Code::Fenced
        | Code::ProverUnavailable
        | Code::GatewayUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::MalformedBody
        | Code::InvalidField
        | Code::MissingIdempotencyKey
        | Code::Unauthenticated
        | Code::Forbidden
        | Code::UnsupportedMediaType
        | Code::IdempotencyMismatch
        | Code::Refused(_)
        | Code::TooManyPending
        | Code::TooManyAttempts => StatusCode::BAD_REQUEST,
    };
    plain(status, FAIL)
}

fn plain(status: StatusCode, word: &'static str) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], word).into_response()
}

async fn notice(
    State(shop): State<Arc<Shop>>,
    Path(gateway): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let app = &shop.app;
    let Some(collector) = app.gateways.get(&gateway) else {
        return Err(Problem::not_found("gateway"));
    };
    let (head, body) = request.into_parts();
    let is_post = match head.method {
        Method::GET => false,
        Method::POST => true,
        _ => return Err(refused(Code::MethodNotAllowed)),
    };
    let body = to_bytes(body, MAX_NOTICE).await;
    let body = body.map_err(|error| Problem::caused(Code::BodyTooLarge, FAIL, error))?;
    let signature = collector.gateway.signature_header();
    let request = NoticeRequest {
        is_post,
        query: head.uri.query().unwrap_or_default(),
        content_type: text(&head.headers, CONTENT_TYPE.as_str()),
        signature: signature.and_then(|name| text(&head.headers, name)),
        body: &body,
    };
    match take_notice(&app.pool, &app.orders, collector, &request, now_ms()).await {
        Ok(()) => Ok(plain(StatusCode::OK, collector.gateway.taken())),
        Err(error) => Err(problem(collector, error)),
    }
}

/// The value of a header that is there once.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn refused(code: Code) -> Problem {
    Problem::new(code, FAIL)
}

/// Logs why a notice was not taken, and answers without saying it.
fn problem(collector: &Collector, error: NoticeError) -> Problem {
    let gateway = &collector.account.name;
    if error.is_refusal() || matches!(error, NoticeError::Unconfirmed(_)) {
        tracing::warn!(%gateway, %error, "a notice was refused");
    }
    match error {
        NoticeError::Refused(NoticeRefusal::Method) => refused(Code::MethodNotAllowed),
        NoticeError::Unconfirmed(_) => refused(Code::Conflict),
        error if error.is_refusal() => refused(Code::MalformedBody),
        error => Problem::caused(Code::Unavailable, FAIL, error),
    }
}

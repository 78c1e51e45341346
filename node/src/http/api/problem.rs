//! How the API writes errors: `application/problem+json` by RFC 9457.

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret;
use serde::Serialize;
use shelfproof_verifier::receipt::Receipt;
use utoipa::ToSchema;

use crate::domain::id::OrderId;
use crate::http::edge::problem::{Code, Problem};
use crate::import::ColumnSample;

/// The media type of problems.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// The answer for a problem.
pub(crate) fn write(problem: &Problem, request_id: &str) -> Response {
    let text = serde_json::to_vec(&Body::new(problem, request_id)).unwrap_or_default();
    let mut response = (problem.code().status(), text).into_response();
    let media_type = HeaderValue::from_static(MEDIA_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

/// A problem as it is written.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub(crate) struct Body<'a> {
    /// `urn:shelfproof:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The same sentence for every problem of this code.
    title: &'a str,
    /// The answer's status.
    status: u16,
    /// What is wrong here, and what to do next; for people.
    detail: &'a str,
    /// For programs; stable.
    code: &'a str,
    /// What to tell the shop when asking about this.
    request_id: &'a str,
    /// What breaks the rule: a JSON pointer into the body, or a header's or query parameter's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// The order that this is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<uuid::Uuid>)]
    order: Option<OrderId>,
    /// The token of that order, where it was placed and its gateway made no page to pay on.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    /// Of a table that was sent, the columns to choose from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    columns: Vec<ShownColumn<'a>>,
    /// Where a proof is not to be had: the signed promises that each sale will be anchored, files
    /// `shelfproof-receipt-v1`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Option<Vec<Object>>)]
    receipts: &'a [Receipt],
}

/// A column of a table.
#[derive(Serialize, ToSchema)]
struct ShownColumn<'a> {
    /// From 1.
    number: usize,
    /// Its name in the header row, where that is a usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// Its first values, masked.
    values: &'a [String],
}

impl<'a> From<&'a ColumnSample> for ShownColumn<'a> {
    fn from(column: &'a ColumnSample) -> Self {
        Self {
            number: column.number,
            name: column.name.as_deref(),
            values: &column.values,
        }
    }
}

impl<'a> Body<'a> {
    pub(crate) fn new(problem: &'a Problem, request_id: &'a str) -> Self {
        let code = problem.code();
        Self {
            kind: format!("urn:shelfproof:problem:{}", code.name()),
            title: title(code),
            status: code.status().as_u16(),
            detail: &problem.detail,
            code: code.name(),
            request_id,
            field: problem.field.as_deref(),
            order: problem.order,
            token: problem.token.as_ref().map(|token| token.expose_secret()),
            columns: problem
                .columns
                .iter()
                .flat_map(|columns| &columns.0)
                .map(ShownColumn::from)
                .collect(),
            receipts: &problem.receipts,
        }
    }
}

/// A short sentence that is the same for every problem of this code.
pub(crate) const fn title(code: Code) -> &'static str {
    match code {
        Code::MalformedBody => "The body cannot be read",
        Code::InvalidField => "A field breaks a rule",
        Code::MissingIdempotencyKey => "The request has no idempotency key",
        Code::Unauthenticated => "No valid token was shown",
        Code::Forbidden => "The token's holder may not do this",
        Code::NotFound => "There is no such thing here",
        Code::MethodNotAllowed => "This address has no such method",
        Code::Conflict => "The state of things does not allow this",
        Code::BodyTooLarge => "The body is too large",
        Code::UnsupportedMediaType => "The body is of another type than expected",
        Code::IdempotencyMismatch => "The idempotency key belongs to another request",
        Code::Refused(_) => "The order was refused",
        Code::TooManyPending => "Too much waits for payment already",
        Code::TooManyAttempts => "This client asked too often",
        Code::GatewayUnavailable => "The payment gateway does not answer as it should",
        Code::Busy => "The service has more to do than it can",
        Code::TimedOut => "The request took too long",
        Code::Unavailable => "A part of the service is away",
        Code::ClockDrift => "The service's clock cannot be trusted",
        Code::Fenced => "The database is not known to be as new as the chain and the receipt journal",
        Code::ProverUnavailable => "The prover does not answer",
        Code::Internal => "Something is wrong within the service",
    }
}

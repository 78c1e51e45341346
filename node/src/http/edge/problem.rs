//! Every error that a caller sees: `application/problem+json` by RFC 9457.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

mod code;

pub(crate) use code::Code;

use crate::api_types::receipt;
use crate::domain::id::OrderId;
use crate::flow::prove::BoughtKey;

/// The media type of problems.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// An answer that is an error. It gets its body at the edge, where the request's id is known.
#[derive(Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    field: Option<String>,
    order: Option<OrderId>,
    receipts: Vec<Box<RawValue>>,
    /// What happened inside; logged once at the edge, never shown.
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem of that code. `detail` says to a person what is wrong and what to do next.
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            field: None,
            order: None,
            receipts: Vec::new(),
            cause: None,
        }
    }

    /// A broken rule, and where: a JSON pointer into the body, or a header's or query parameter's name.
    pub(crate) fn invalid(field: impl Into<String>, rule: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new(Code::InvalidField, rule)
        }
    }

    /// Nothing of that kind and name, or nothing that the caller may know of.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}, or it is not yours."))
    }

    /// What `code` says of itself, with what happened inside for the log.
    pub(crate) fn caused(code: Code, detail: &'static str, cause: impl Error + Send + Sync + 'static) -> Self {
        Self {
            cause: Some(Box::new(cause)),
            ..Self::new(code, detail)
        }
    }

    /// Names the order that this is about.
    pub(crate) fn about(mut self, order: OrderId) -> Self {
        self.order = Some(order);
        self
    }

    /// Adds the receipts of those keys, for whoever gets no proof.
    ///
    /// # Errors
    /// Where one cannot be written.
    pub(crate) fn with_receipts(mut self, keys: &[BoughtKey]) -> serde_json::Result<Self> {
        let receipts = keys.iter().map(|key| receipt(&key.receipt));
        self.receipts = receipts.collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// The code.
    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    /// What happened inside.
    pub(crate) fn cause(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.cause.as_deref()
    }

    /// The problem that an error status of the router or a library stands for.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let code = Code::of_status(status);
        Self::new(
            code,
            match code {
                Code::NotFound => "Nothing is at this address; /docs lists what is.",
                Code::MethodNotAllowed => "See the header Allow for the methods of this address.",
                _ => "The request could not be served.",
            },
        )
    }

    /// The body.
    pub(crate) fn body<'a>(&'a self, request_id: &'a str) -> Body<'a> {
        Body {
            kind: format!("urn:shelfproof:problem:{}", self.code.name()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code.name(),
            request_id,
            field: self.field.as_deref(),
            order: self.order,
            receipts: &self.receipts,
        }
    }
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
    /// Where a proof is not to be had: the signed promises that each sale will be anchored, files `shelfproof-receipt-v1`.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Option<Vec<Object>>)]
    receipts: &'a [Box<RawValue>],
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if let Some(seconds) = self.code.retry_after_s() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code == Code::Unauthenticated {
            let scheme = HeaderValue::from_static("Bearer realm=\"shelfproof\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// An error answer with its body; and the problem, for the log. Answers that are no errors pass as they are.
pub(crate) fn finish(mut response: Response, request_id: &str) -> (Response, Option<Arc<Problem>>) {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return (response, None);
    }
    let problem = response
        .extensions_mut()
        .remove::<Arc<Problem>>()
        .unwrap_or_else(|| Arc::new(Problem::of_status(status)));
    let text = serde_json::to_vec(&problem.body(request_id)).unwrap_or_default();
    let mut headers = std::mem::replace(response.headers_mut(), HeaderMap::new());
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    let mut written = (problem.code.status(), text).into_response();
    written.headers_mut().extend(headers);
    (written, Some(problem))
}

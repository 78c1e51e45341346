//! Errors as data, for every branch. A branch gives them their words and their form.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use shelfproof_verifier::receipt::Receipt;

mod code;

pub(crate) use code::Code;

use crate::domain::id::OrderId;
use crate::flow::StoreError;
use crate::import::ColumnSamples;

/// The detail of a problem whose cause only the log may hold.
pub(crate) const SEE_LOG: &str = "The shop's operator finds the reason in the log, under the request's id.";

/// An answer that is an error. It gets its body at the edge, from the branch's writer.
#[derive(Debug)]
pub(crate) struct Problem {
    code: Code,
    /// What is wrong and what to do next, for a person.
    pub(crate) detail: Cow<'static, str>,
    /// What breaks a rule: a JSON pointer into the body, or a header's or query parameter's name.
    pub(crate) field: Option<String>,
    /// The order that the problem is about.
    pub(crate) order: Option<OrderId>,
    /// The token of that order, for whoever just placed it.
    pub(crate) token: Option<Box<SecretString>>,
    /// Of a table that was sent, the columns to choose from.
    pub(crate) columns: Option<Box<ColumnSamples>>,
    /// Files `shelfproof-receipt-v1`, for whoever gets no proof.
    pub(crate) receipts: Box<[Receipt]>,
    /// The internal error; logged once at the edge, never shown.
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
            token: None,
            columns: None,
            receipts: Box::default(),
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

    /// There is no such thing, or the caller may not know of it.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}, or it is not yours."))
    }

    /// A problem with its cause, for the log.
    pub(crate) fn caused(
        code: Code,
        detail: impl Into<Cow<'static, str>>,
        cause: impl Error + Send + Sync + 'static,
    ) -> Self {
        Self {
            cause: Some(Box::new(cause)),
            ..Self::new(code, detail)
        }
    }

    /// An internal error. Its cause is logged and not shown.
    pub(crate) fn internal(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::caused(Code::Internal, SEE_LOG, cause)
    }

    /// A failure of the database; `is_passing` where a repeat may succeed.
    fn store(is_passing: bool, cause: impl Error + Send + Sync + 'static) -> Self {
        if is_passing {
            Self::caused(
                Code::Unavailable,
                "The database could not be reached. Repeat the request, with the same idempotency key if it had one.",
                cause,
            )
        } else {
            Self::internal(cause)
        }
    }

    /// The same problem, about that order.
    pub(crate) fn about(mut self, order: OrderId) -> Self {
        self.order = Some(order);
        self
    }

    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    /// The internal error, for the log.
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

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::store(error.is_passing(), error)
    }
}

impl From<Arc<StoreError>> for Problem {
    fn from(error: Arc<StoreError>) -> Self {
        Self::store(error.is_passing(), error)
    }
}
